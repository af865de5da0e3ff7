"""Commands without a shell: which are run, and which are refused."""

import re
from pathlib import Path

import pytest
from tests.builtin_tools.bash.shells import BACKENDS, shell

from toolyard import Bash, CallContext, CommandLimits, ConfigError, ToolCall, ToolError
from toolyard.builtin_tools.bash.isolation import Backend
from toolyard.builtin_tools.bash.programs import Programs

ALLOWED = {
    "ls": ["-l", "-a", "--all", "--sort="],
    "grep": ["-n", "-r", "-e=", "--include="],
    "head": ["-n="],
    "find": ["-name", "-maxdepth"],
    "cat": [],
    "echo": ["--"],
}
PROGRAMS = Programs(ALLOWED)


@pytest.mark.parametrize(
    ("command", "arguments"),
    [
        ("ls", []),
        ("ls -l -a .", ["-l", "-a", "."]),
        ("  ls \t -la  ", ["-la"]),
        ("ls --sort=size", ["--sort=size"]),
        ("ls --sort size", ["--sort", "size"]),
        ("head -n5 file", ["-n5", "file"]),
        ("head -n 5 file", ["-n", "5", "file"]),
        ("grep -n 'a|b; $HOME `id` \\' file", ["-n", "a|b; $HOME `id` \\", "file"]),
        ('grep "it\'s" file', ["it's", "file"]),
        (r'grep "a\.b\"c\\d" x', [r'a\.b"c\d', "x"]),
        ("grep '' x", ["", "x"]),
        ("grep a'b'\"c\" x", ["abc", "x"]),
        ("grep -r TODO --include='*.py' src", ["-r", "TODO", "--include=*.py", "src"]),
        ("find . -name '*.txt' -maxdepth 2", [".", "-name", "*.txt", "-maxdepth", "2"]),
        ("cat -", ["-"]),
        ("cat a..b ...", ["a..b", "..."]),
        ("echo -- 'x\ny'", ["--", "x\ny"]),
        ("echo a=b %s 100% @x ^y ,z", ["a=b", "%s", "100%", "@x", "^y", ",z"]),
        (["cat", "a; b", "$x"], ["a; b", "$x"]),
    ],
)
def test_what_is_allowed_becomes_arguments(command: str | list[str], arguments: list[str]) -> None:
    path, *given = PROGRAMS.argv(command)
    assert given == arguments
    assert Path(path).is_absolute()


REFUSED = [
    ("", "empty"),
    ("   ", "empty"),
    ("rm x", "no program"),
    ("/bin/ls", "no program"),
    ("./ls", "no program"),
    ("../ls", "no program"),
    ("LS", "no program"),
    ("'ls -l'", "no program"),
    ("''", "no program"),
    ("'' ls", "no program"),
    ("A=b ls", "no program"),
    ("PATH=. ls", "no program"),
    ("l\u200bs", "no program"),
    ("ls; rm x", "';'"),
    ("ls;rm x", "';'"),
    ("ls && rm x", "'&'"),
    ("ls &", "'&'"),
    ("ls || rm x", "'|'"),
    ("ls | cat", "'|'"),
    ("ls |& cat", "'|'"),
    ("ls > x", "'>'"),
    ("ls >x", "'>'"),
    ("ls 2>x", "'>'"),
    ("cat < x", "'<'"),
    ("cat <(ls)", "'<'"),
    ("cat <<<x", "'<'"),
    ("echo $(id)", "'$'"),
    ("echo $HOME", "'$'"),
    ("echo ${HOME}", "'$'"),
    ("echo $'a'", "'$'"),
    ("echo `id`", "'`'"),
    ('echo "$(id)"', "double quotes"),
    ('echo "$HOME"', "double quotes"),
    ('echo "`id`"', "double quotes"),
    ("ls *", "'*'"),
    ("ls ?", "'?'"),
    ("ls [a]", "'['"),
    ("ls {a,b}", "'{'"),
    ("ls ~", "'~'"),
    ("ls ~root", "'~'"),
    ("ls # x", "'#'"),
    ("ls\nrm x", "shell"),
    ("ls\rrm x", "shell"),
    ("ls \\\nrm x", "shell"),
    ("ls \\-R", "shell"),
    ("(ls)", "'('"),
    ("! ls", "no program"),
    ("ls 'x", "partner"),
    ('ls "x', "partner"),
    ('ls "x\\', "partner"),
    ("ls a\0b", "shell"),
    ("ls 'a\0b'", "NUL"),
    ("ls -R", "'-R'"),
    ("ls -laR", "'-laR'"),
    ("ls --recursive", "--recursive"),
    ("ls --al", "--al"),
    ("ls --all=x", "--all=x"),
    ("ls '-R'", "'-R'"),
    ('ls "-"R', "'-R'"),
    ("ls -- -R", "'--'"),
    ("cat -v", "none"),
    ("cat /etc/passwd", "leads out"),
    ("cat ../x", "leads out"),
    ("cat a/../../x", "leads out"),
    ("cat ..", "leads out"),
    ("cat '/etc/passwd'", "leads out"),
    ("grep -e/etc x", "leads out"),
    ("grep --include=/etc/x x", "leads out"),
    ("grep --include=../x x", "leads out"),
    ("grep -f x", "'-f'"),
    ("grep -rf x", "'-rf'"),
    ("head -c5 x", "'-c5'"),
    ("find . -exec cat x", "-exec"),
    ("find . -delete", "-delete"),
    ("find . -nam x", "-nam"),
    ("find . -name=x", "-name=x"),
    ("echo -e x", "'-e'"),
]


@pytest.mark.parametrize(("command", "said"), REFUSED)
def test_what_is_not_allowed_is_refused(command: str, said: str) -> None:
    with pytest.raises(ToolError, match=re.escape(said)):
        PROGRAMS.argv(command)


@pytest.mark.parametrize(
    ("programs", "said"),
    [
        ({}, "at least one"),
        ({"bash": []}, "runs whatever"),
        ({"python3.11": []}, "runs whatever"),
        ({"xargs": []}, "runs whatever"),
        ({"sed": ["-n"]}, "runs whatever"),
        ({"awk": []}, "runs whatever"),
        ({"git": ["log"]}, "runs whatever"),
        ({"env": []}, "runs whatever"),
        ({"find": ["-exec"]}, "runs other programs"),
        ({"find": ["-delete"]}, "writes files"),
        ({"sort": ["-o"]}, "writes files"),
        ({"sort": ["--output="]}, "writes files"),
        ({"tar": ["-t", "-f="]}, "runs whatever"),
        ({"flock": []}, "runs whatever"),
        ({"/bin/ls": []}, "no name"),
        ({"../ls": []}, "no name"),
        ({"": []}, "no name"),
        ({"no-such-program-here": []}, "there is no"),
        ({"ls": "-l"}, "are a list"),
        ({"ls": ["l"]}, "no option"),
        ({"ls": ["-l -a"]}, "no option"),
        ({"ls": ["-l;"]}, "no option"),
    ],
)
def test_a_list_that_would_be_none_is_refused(programs: dict[str, list[str]], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        Programs(programs)


@pytest.mark.parametrize("backend", BACKENDS)
async def test_programs_run_without_a_shell(backend: Backend, root: Path) -> None:
    (root / "$(id).txt").write_text("found\n")
    (root / "$(id).txt").chmod(0o644)
    async with shell(backend, root, programs={"cat": [], "ls": ["-l"]}) as bash:
        assert (await bash.run("cat '$(id).txt'")).stdout == "found\n"
        assert (await bash.run(["cat", "$(id).txt"])).stdout == "found\n"
        assert (await bash.run("cat missing")).exit_code == 1
        (listed,) = await bash.list_tools(CallContext())
        assert "cat; ls -l" in listed.description
        assert "no shell" in listed.description
        assert "|" not in str(listed.input_schema)
        result = await bash.call_tool(ToolCall("bash", {"command": "cat x; id"}), CallContext())
        assert result.is_error
        assert "single quotes" in result.text


async def test_inside_bubblewrap_their_processes_are_limited_too(root: Path) -> None:
    (root / "limits").symlink_to("/proc/self/limits")
    limits = CommandLimits(processes=9)
    async with shell("bubblewrap", root, programs={"cat": []}, limits=limits) as bash:
        told = await bash.run("cat limits")
    (line,) = [line for line in told.stdout.splitlines() if "processes" in line]
    assert line.split()[2:4] == ["9", "9"]


async def test_a_list_of_words_needs_named_programs(root: Path) -> None:
    async with shell("none", root) as bash:
        with pytest.raises(ToolError, match="one text"):
            await bash.run(["ls", "-l"])


def test_a_directory_cannot_be_kept_without_a_shell() -> None:
    with pytest.raises(ConfigError, match="keep_directory"):
        Bash(programs={"ls": []}, keep_directory=True)
