"""Commands that a model writes run in a sandbox, and nothing of them stays behind.

Over the network: `toolyard serve bash`, with the options of `Bash` as `--set bash.OPTION=VALUE`.
"""

import anyio

from toolyard import Bash, CallContext, ToolCall


async def main() -> None:
    async with Bash(
        timeout_s=10
    ) as bash:  # works in an empty directory; `Bash("workspace")` in yours
        assert bash.isolation is not None
        print(bash.isolation.sentence)

        result = await bash.run("echo hello >greeting && cat greeting; exit 3")
        assert result.stdout == "hello\n"
        assert result.exit_code == 3

        await bash.run("setsid sleep 600 &")  # returns at once, and the sleeper is gone

        slow = await bash.run("sleep 600", timeout_s=0.5)
        assert slow.timed_out

        call = ToolCall("bash", {"command": "ls --no-such-option"})
        answer = await bash.call_tool(call, CallContext())
        assert answer.is_error  # a model reads what went wrong
        print(answer.text)

    async with Bash(programs={"ls": ["-l"], "cat": []}) as few:  # no shell, just these
        print((await few.run("ls -l")).stdout)


anyio.run(main)
