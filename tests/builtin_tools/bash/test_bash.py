"""What a command gives, and what its call may ask for; on every backend."""

import os
from collections.abc import AsyncGenerator, Generator
from pathlib import Path

import anyio
import pytest
from tests.builtin_tools.bash.shells import BACKENDS, place, shell

from toolyard import (
    Bash,
    CallContext,
    Caller,
    CommandLimits,
    InvalidArguments,
    ToolCall,
    ToolError,
    ToolResult,
)
from toolyard.builtin_tools.bash.isolation import Backend

CONTEXT = CallContext()


@pytest.fixture(params=BACKENDS)
async def bash(request: pytest.FixtureRequest, root: Path) -> AsyncGenerator[Bash]:
    async with shell(request.param, root) as started:
        yield started


@pytest.fixture
def shown() -> Generator[Path]:
    with place() as made:
        yield made


async def called(bash: Bash, command: str, **more: object) -> ToolResult:
    return await bash.call_tool(ToolCall("bash", {"command": command, **more}), CONTEXT)


async def test_a_command_gives_what_it_wrote_and_how_it_ended(bash: Bash) -> None:
    result = await bash.run("echo out; echo err >&2; exit 3")
    assert (result.stdout, result.stderr, result.exit_code) == ("out\n", "err\n", 3)
    assert not result.succeeded
    assert not result.timed_out
    assert not result.truncated
    assert result.duration_ms >= 0
    assert (await bash.run("true")).succeeded


async def test_a_model_reads_the_same_and_sees_a_failure_as_an_error(bash: Bash) -> None:
    good = await called(bash, "echo out; echo err >&2")
    assert not good.is_error
    assert good.structured["stdout"] == "out\n"
    assert good.structured["stderr"] == "err\n"
    assert good.structured["exit_code"] == 0
    assert good.structured["timed_out"] is False
    assert good.structured["truncated"] is False
    assert "out\n" in good.text
    assert "[stderr]\nerr\n" in good.text
    bad = await called(bash, "ls /nowhere")
    assert bad.is_error
    assert bad.structured["exit_code"] == 2
    assert "exit code 2" in bad.text


async def test_results_description_and_health_say_what_is_active(bash: Bash) -> None:
    isolation = bash.isolation
    assert isolation is not None
    (listed,) = await bash.list_tools(CONTEXT)
    assert isolation.sentence in listed.description
    result = await called(bash, "true")
    assert result.structured["isolation"] == isolation.as_dict()
    assert f"isolation: {isolation.backend}, network: {isolation.network}" in result.text
    assert bash.health() == {"isolation": isolation.as_dict()}


async def test_files_stay_below_the_root(bash: Bash, root: Path) -> None:
    assert (await bash.run("mkdir -p a/b && echo kept >a/b/file")).succeeded
    assert (root / "a/b/file").read_text() == "kept\n"
    assert (await bash.run("cat file", cwd="a/b")).stdout == "kept\n"
    assert (await bash.run("cat ~/a/b/file")).stdout == "kept\n"


async def test_there_is_no_input_and_one_clean_environment(
    bash: Bash, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "not-for-commands")
    assert (await bash.run("cat; read -r line; echo $?")).stdout == "1\n"
    names = (await bash.run("compgen -e")).stdout.split()
    expected = {"HOME", "LANG", "PATH", "PWD", "SHLVL", "TERM", "TMPDIR", "_"}
    assert set(names) <= expected | {"OLDPWD"}
    assert (await bash.run("umask")).stdout == "0077\n"
    assert (await bash.run("tty; ulimit -c")).stdout == "not a tty\n0\n"


async def test_only_the_standard_descriptors_are_open(bash: Bash) -> None:
    told = await bash.run('for fd in /proc/self/fd/*; do echo "${fd##*/}"; done')
    # A pattern is expanded through one more descriptor.
    assert set(told.stdout.split()) <= {"0", "1", "2", "3", "4", "255", "*"}
    assert (await bash.run("echo x >&3")).exit_code == 1


async def test_temporary_files_have_a_place(bash: Bash) -> None:
    result = await bash.run('file=$(mktemp) && echo x >"$file" && cat "$file"; cat <<<"here"')
    assert result.stdout == "x\nhere\n"


async def test_a_signal_is_told_as_a_shell_tells_it(bash: Bash) -> None:
    assert (await bash.run("kill -TERM $$")).exit_code == 143
    assert (await bash.run("exec sleep 60 & kill -9 $!; wait $!")).exit_code == 137


async def test_there_may_be_very_much_time() -> None:
    async with shell("none", max_timeout_s=1e9) as bash:
        assert (await bash.run("echo done", timeout_s=1e9)).stdout == "done\n"


async def test_a_command_out_of_time_is_ended_and_keeps_what_it_wrote(bash: Bash) -> None:
    result = await bash.run("echo begun; sleep 60", timeout_s=0.5)
    assert result.timed_out
    assert result.exit_code == -1
    assert result.stdout == "begun\n"
    assert result.duration_ms < 20_000
    told = await called(bash, "sleep 60", timeout_s=0.2)
    assert told.is_error
    assert told.structured["timed_out"] is True
    assert "timeout_s" in told.text


async def test_the_deadline_of_a_call_ends_the_command_in_time_to_say_so(bash: Bash) -> None:
    context = CallContext(deadline=anyio.current_time() + 1.5)
    result = await bash.call_tool(ToolCall("bash", {"command": "echo begun; sleep 60"}), context)
    assert result.structured["timed_out"] is True
    assert result.structured["stdout"] == "begun\n"
    assert context.remaining_s > 0


async def test_long_outputs_lose_their_middle(bash: Bash) -> None:
    result = await bash.run("seq 1 30000; echo end >&2")
    assert result.truncated
    assert result.succeeded
    assert result.stdout.startswith("1\n2\n3\n")
    assert result.stdout.endswith("\n29999\n30000\n")
    whole = "".join(f"{number}\n" for number in range(1, 30_001))
    assert f"[... {len(whole) - 100_000} bytes left out ...]" in result.stdout
    assert result.stderr == "end\n"


async def test_outputs_that_are_no_text_do_no_harm(bash: Bash) -> None:
    assert (await bash.run(r"printf 'a\377b\0c'")).stdout == "a\ufffdb\0c"
    assert (await bash.run("printf '\\303\\244\\360\\237\\230\\200'")).stdout == "ä😀"


async def test_quotes_and_lines_arrive_as_they_are(bash: Bash) -> None:
    command = "cat <<'END'\n$HOME `id` \"x\" 'y' \\ ä\nEND\necho \"$#-$0\""
    assert (await bash.run(command)).stdout.startswith("$HOME `id` \"x\" 'y' \\ ä\n")
    assert (await bash.run("echo one\n# a remark\necho two")).stdout == "one\ntwo\n"
    assert "line 1" in (await bash.run("nosuchprogram")).stderr


async def test_commands_run_at_the_same_time(bash: Bash) -> None:
    results: list[str] = []

    async def run(number: int) -> None:
        result = await bash.run(f"sleep 0.2; echo {number}")
        results.append(result.stdout)

    async with anyio.create_task_group() as tasks:
        for number in range(20):
            tasks.start_soon(run, number)
    assert sorted(map(int, results)) == list(range(20))


async def test_no_more_than_some_run_at_once(root: Path) -> None:
    async with shell("none", root, max_commands=1) as bash, anyio.create_task_group() as tasks:
        for _ in range(5):
            tasks.start_soon(
                bash.run, "mkdir busy && sleep 0.02 && rmdir busy || echo twice >fault"
            )
    assert not (root / "fault").exists()


async def test_the_directory_of_each_caller_is_kept(root: Path) -> None:
    async with shell("none", root, keep_directory=True) as bash:
        await _check_kept_directories(bash)


@pytest.mark.parametrize("backend", BACKENDS)
async def test_a_kept_directory_is_told(backend: Backend, root: Path) -> None:
    async with shell(backend, root, keep_directory=True) as bash:
        first = await called(bash, "mkdir -p a/b; cd a/b; exit 1")
        assert first.structured["cwd"] == "a/b"
        assert first.structured["exit_code"] == 1
        assert "cwd: a/b" in first.text
        assert (await bash.run("echo here >file; cd ..")).cwd == "a"
        assert (root / "a/b/file").read_text() == "here\n"


async def _check_kept_directories(bash: Bash) -> None:
    ann, ben = Caller("ann"), Caller("ben")

    async def at(caller: Caller, command: str, **more: object) -> str:
        context = CallContext(caller=caller)
        call = ToolCall("bash", {"command": command, **more})
        return (await bash.call_tool(call, context)).structured["cwd"]

    assert await at(ann, "mkdir -p x/y; cd x/y") == "x/y"
    assert await at(ben, "true") == "."
    assert await at(ann, "true") == "x/y"
    assert await at(ann, "cd /tmp") == "x/y", "outside of the root it is not kept"
    assert await at(ann, "exec true") == "x/y"
    assert await at(ann, "cd ..; trap - EXIT") == "x/y"
    assert await at(ben, "rm -r x; mkdir z", cwd=".") == "."
    with pytest.raises(ToolError, match=r"No command can start in 'x/y'"):
        await bash.run("true", caller="ann")
    assert await at(ann, "cd z") == "z", "and then it starts at the root again"


async def test_without_a_root_there_is_an_empty_one_for_a_while() -> None:
    async with shell("none") as bash:
        place = anyio.Path(
            (await bash.run("pwd; ls -A; mkdir -m 0 locked; touch locked2")).stdout.strip()
        )
        assert await place.is_dir()
    assert not await place.parent.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="Others run commands as themselves.")
async def test_what_a_command_leaves_there_does_not_mislead_root(shown: Path) -> None:
    (shown / "file").touch(0o400)
    before = [path.stat().st_mode for path in (shown, shown / "file")]
    async with shell("none") as bash:
        made = anyio.Path((await bash.run("dirname $TMPDIR")).stdout.strip())
        await bash.run(f"mkdir -m 0 locked; ln -s {shown} link; ln -s {shown} $TMPDIR/link")
        for path in (made, made / "tmp", made / "work"):
            assert not (await bash.run(f"mv {path} {path}.moved && ln -s {shown} {path}")).succeeded
    assert [path.stat().st_mode for path in (shown, shown / "file")] == before
    assert not await made.exists()


async def test_it_works_without_being_entered_and_again_after_it_was_left(root: Path) -> None:
    bash = shell("none", root)
    assert bash.isolation is None
    assert bash.health() == {}
    assert (await bash.run("echo first")).stdout == "first\n"
    async with bash:
        assert (await bash.run("echo second")).stdout == "second\n"
    async with bash:
        assert (await bash.run("echo third")).stdout == "third\n"


async def test_variables_and_directories_can_be_given(root: Path, shown: Path) -> None:
    (shown / "file").write_text("seen\n")
    for backend in BACKENDS:
        options = {"environment": {"COLOUR": "blue"}, "readable": [str(shown)]}
        async with shell(backend, root, **options) as bash:
            assert (await bash.run("echo $COLOUR")).stdout == "blue\n"
            assert (await bash.run(f"cat {shown}/file")).stdout == "seen\n"
            if backend != "none":
                assert not (await bash.run(f"echo x >{shown}/file")).succeeded


@pytest.mark.parametrize("backend", BACKENDS)
async def test_limits_hold(backend: Backend, root: Path) -> None:
    limits = CommandLimits(
        output_bytes=1000, memory_bytes=300 << 20, file_bytes=1 << 20, open_files=32, processes=20
    )
    async with shell(backend, root, limits=limits) as bash:
        assert (await bash.run("head -c 5000 /dev/zero")).truncated
        assert len((await bash.run("yes | head -c 5000")).stdout) < 1100
        flood = await bash.run("yes")
        assert flood.ended_by == "output"
        assert flood.exit_code == -1
        big = await bash.run("head -c 2000000 /dev/zero >big; stat -c %s big")
        assert big.stdout == f"{1 << 20}\n"
        assert (await bash.run("ulimit -n")).stdout == "32\n"
        greedy = await bash.run("x=$(head -c 400000000 /dev/zero | tr '\\0' x); echo $?")
        assert greedy.stdout != "0\n"


async def test_arguments_are_held_against_the_schema(bash: Bash) -> None:
    for arguments in (
        {},
        {"command": ""},
        {"command": 5},
        {"command": None},
        {"command": ["ls"]},
        {"command": "x" * 70_000},
        {"command": "true", "timeout_s": 0},
        {"command": "true", "timeout_s": -1},
        {"command": "true", "timeout_s": 601},
        {"command": "true", "timeout_s": "1"},
        {"command": "true", "cwd": ""},
        {"command": "true", "cwd": 5},
        {"command": "true", "shell": "/bin/zsh"},
        {"command": "true", "environment": {"A": "b"}},
    ):
        with pytest.raises(InvalidArguments):
            await bash.call_tool(ToolCall("bash", arguments), CONTEXT)


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (" \n\t", "empty"),
        ("echo a\0b", "NUL"),
        ("echo \ud800", "surrogate"),
        ("ä" * 40_000, "80000 bytes"),
    ],
)
async def test_a_command_that_cannot_be_one_is_refused(bash: Bash, command: str, said: str) -> None:
    with pytest.raises(ToolError, match=said):
        await bash.run(command)


@pytest.mark.parametrize(
    "cwd",
    [
        *(
            "..",
            "a/../..",
            "/",
            "/tmp",
            "a//b",
            "a/",
            "./a",
            "a\0b",
            "a\nb",
            "link",
            "file",
            "gone",
        ),
        *("link/below", "a\\b", "\ud800", "~", "$HOME", "x" * 300, "/proc/self/cwd"),
        "a/" * 70 + "a",
    ],
)
async def test_a_directory_outside_or_that_is_none_is_refused(
    bash: Bash, root: Path, cwd: str
) -> None:
    (root / "link").symlink_to("/tmp")
    (root / "file").touch()
    with pytest.raises(ToolError) as refused:
        await bash.run("pwd", cwd=cwd)
    assert str(root) not in str(refused.value)


@pytest.mark.parametrize("timeout_s", [0.0, -1.0, 601.0, float("nan"), float("inf")])
async def test_python_too_cannot_ask_for_more_time_than_there_is(timeout_s: float) -> None:
    async with shell("none") as bash:
        with pytest.raises(ToolError, match="timeout_s"):
            await bash.run("true", timeout_s=timeout_s)


async def test_waiting_for_others_counts_against_the_deadline_of_a_call(root: Path) -> None:
    async with shell("none", root, max_commands=1) as bash, anyio.create_task_group() as tasks:
        tasks.start_soon(bash.run, "touch begun; sleep 1.5")
        while not (root / "begun").exists():  # noqa: ASYNC110 - nothing tells
            await anyio.sleep(0.02)
        context = CallContext(deadline=anyio.current_time() + 3)
        call = ToolCall("bash", {"command": "echo begun; sleep 60"})
        result = await bash.call_tool(call, context)
        assert result.structured["timed_out"] is True
        assert result.structured["duration_ms"] < 1_500
