"""Files below one directory: in Python, and as the tools that a model is given."""

import tempfile

import anyio

from toolyard import CallContext, FileSystem, ToolCall


async def main() -> None:
    with tempfile.TemporaryDirectory() as root:
        files = FileSystem(root, denied_extensions=[".env"], quota_bytes=1_000_000)
        await files.write_file("notes/today.md", "# Today\nbuy bread\n")
        await files.edit_file("notes/today.md", "bread", "milk")
        print(await files.read_file("notes/today.md", start_line=2))

        async with files:
            for name, arguments in (
                ("search_files", {"content": "milk", "glob": "*.md"}),
                ("read_file", {"path": "../secret.txt"}),
            ):
                result = await files.call_tool(ToolCall(name, arguments), CallContext())
                print(result.text)


if __name__ == "__main__":
    anyio.run(main)
