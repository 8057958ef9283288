"""`dlm lsp` as clients of different abilities meet it: VS Code, Neovim, Emacs."""

import asyncio
import json
import os
import pathlib
import shutil
import subprocess
import time

import pytest
import pytest_lsp
from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException
from pytest_lsp import ClientServerConfig, LanguageClient, client_capabilities

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parent.parent
DLM = os.environ["DLM"]
CLIENTS = ["visual-studio-code@v1.65", "neovim@v0.7", "neovim@v0.11", "emacs@v29"]
PROGRAMS = sorted([*ROOT.glob("examples/*.dlm"), *ROOT.glob("stdlib/*.dlm"), *ROOT.glob("benches/*.dlm")])


@pytest_lsp.fixture(config=ClientServerConfig(server_command=[DLM, "lsp"]), params=CLIENTS)
async def client(request, lsp_client: LanguageClient, tmp_path):
    @lsp_client.feature(lsp.CLIENT_REGISTER_CAPABILITY)
    def _(_: lsp.RegistrationParams):
        return None

    for again in [lsp.WORKSPACE_CODE_LENS_REFRESH, lsp.WORKSPACE_INLAY_HINT_REFRESH]:
        lsp_client.feature(again)(lambda *_: None)

    for file in (HERE / "fixture").glob("*.dlm"):
        shutil.copy(file, tmp_path)
    folder = tmp_path.as_uri()
    started = await lsp_client.initialize_session(
        lsp.InitializeParams(
            capabilities=client_capabilities(request.param),
            workspace_folders=[lsp.WorkspaceFolder(uri=folder, name="work")],
            root_uri=folder,
        )
    )
    lsp_client.folder = tmp_path
    lsp_client.abilities = started.capabilities
    yield
    await lsp_client.shutdown_session()


class Document:
    """A file that the client has open."""

    def __init__(self, client, path):
        self.client = client
        self.uri = path.as_uri()
        self.text = path.read_text()
        self.version = 1
        client.text_document_did_open(
            lsp.DidOpenTextDocumentParams(
                text_document=lsp.TextDocumentItem(self.uri, "dlm", self.version, self.text)
            )
        )

    @property
    def itself(self):
        return lsp.TextDocumentIdentifier(self.uri)

    def place(self, text, after=0):
        """Where a text begins, in the units that the two agreed on."""
        at = self.text.index(text) + after
        line = self.text.count("\n", 0, at)
        before = self.text[self.text.rfind("\n", 0, at) + 1 : at]
        return lsp.Position(line, self.width(before))

    def width(self, text):
        if self.client.abilities.position_encoding == lsp.PositionEncodingKind.Utf8:
            return len(text.encode())
        return len(text.encode("utf-16-le")) // 2

    def range(self, text):
        start = self.place(text)
        return lsp.Range(start, lsp.Position(start.line, start.character + self.width(text)))

    def whole(self):
        return lsp.Range(lsp.Position(0, 0), lsp.Position(self.text.count("\n") + 1, 0))

    def replace(self, old, new):
        """Types: replaces one place."""
        change = lsp.TextDocumentContentChangePartial(range=self.range(old), text=new)
        self.text = self.text.replace(old, new, 1)
        self.version += 1
        self.client.text_document_did_change(
            lsp.DidChangeTextDocumentParams(
                text_document=lsp.VersionedTextDocumentIdentifier(self.version, self.uri),
                content_changes=[change],
            )
        )

    async def mistakes(self, wanted):
        """Waits until these codes are shown, and gives the diagnostics."""
        for _ in range(500):
            there = self.client.diagnostics.get(self.uri)
            if there is not None and sorted(str(it.code) for it in there) == sorted(wanted):
                return there
            await asyncio.sleep(0.01)
        raise AssertionError(f"waited in vain for {wanted}; there are {there}")


def applied(text, edits, width=lambda line: len(line.encode("utf-16-le")) // 2):
    """The text with edits of one encoding applied, from the last to the first."""
    lines = text.split("\n")

    def offset(position):
        line = lines[position.line] if position.line < len(lines) else ""
        column = 0
        while column < len(line) and width(line[:column]) < position.character:
            column += 1
        return sum(len(it) + 1 for it in lines[: position.line]) + column

    for edit in sorted(edits, key=lambda it: (it.range.start.line, it.range.start.character), reverse=True):
        text = text[: offset(edit.range.start)] + edit.new_text + text[min(offset(edit.range.end), len(text)) :]
    return text


@pytest.mark.asyncio
async def test_a_mistake_comes_and_goes(client):
    net = Document(client, client.folder / "net.dlm")
    (mistake,) = await net.mistakes(["E0401"])
    assert mistake.range.start == net.place("dense(10)")
    assert mistake.severity == lsp.DiagnosticSeverity.Error
    net.replace("dense(10)", "flatten -> dense(10)")
    await net.mistakes([])
    client.text_document_did_close(lsp.DidCloseTextDocumentParams(net.itself))


@pytest.mark.asyncio
async def test_a_quick_fix_repairs(client):
    net = Document(client, client.folder / "net.dlm")
    (mistake,) = await net.mistakes(["E0401"])
    actions = await client.text_document_code_action_async(
        lsp.CodeActionParams(net.itself, mistake.range, lsp.CodeActionContext(diagnostics=[mistake]))
    )
    fix = next(it for it in actions if it.kind == lsp.CodeActionKind.QuickFix)
    changes = fix.edit.changes or {it.text_document.uri: it.edits for it in fix.edit.document_changes}
    assert "flatten -> dense(10)" in applied(net.text, changes[net.uri])


@pytest.mark.asyncio
async def test_columns_are_those_of_the_client(client):
    wide = Document(client, client.folder / "wide.dlm")
    (mistake,) = await wide.mistakes(["E0201"])
    assert mistake.range == wide.range("oops")


@pytest.mark.asyncio
async def test_hover_completion_signature(client):
    net = Document(client, client.folder / "net.dlm")
    place = net.place("max_pool")
    hover = await client.text_document_hover_async(lsp.HoverParams(net.itself, place))
    assert "largest" in hover.contents.value
    formats = client.capabilities.text_document.hover.content_format or []
    assert ("```" in hover.contents.value) == (lsp.MarkupKind.Markdown in formats)
    answer = await client.text_document_completion_async(
        lsp.CompletionParams(net.itself, net.place("max_pool", after=3))
    )
    items = answer.items if isinstance(answer, lsp.CompletionList) else answer
    assert "max_pool" in {it.label for it in items}
    place = net.place("conv(channels, 3)", after=len("conv(channels, "))
    help_ = await client.text_document_signature_help_async(lsp.SignatureHelpParams(net.itself, place))
    assert help_.signatures[help_.active_signature or 0].label.startswith("conv(")
    assert (help_.active_parameter or help_.signatures[0].active_parameter) == 1


@pytest.mark.asyncio
async def test_definition_references_rename(client):
    net = Document(client, client.folder / "net.dlm")
    wide = Document(client, client.folder / "wide.dlm")
    await wide.mistakes(["E0201"])
    place = wide.place("Block(4)")
    found = await client.text_document_definition_async(lsp.DefinitionParams(wide.itself, place))
    found = found[0] if isinstance(found, list) else found
    uri = getattr(found, "uri", None) or found.target_uri
    start = (getattr(found, "range", None) or found.target_selection_range).start
    assert (uri, start.line) == (net.uri, net.place("layer Block").line)
    context = lsp.ReferenceContext(include_declaration=True)
    found = await client.text_document_references_async(lsp.ReferenceParams(context, wide.itself, place))
    assert {(it.uri, it.range.start.line) for it in found} == {
        (net.uri, 4), (net.uri, 10), (wide.uri, 0), (wide.uri, 5),
    }
    edit = await client.text_document_rename_async(lsp.RenameParams(wide.itself, place, "Piece"))
    changes = edit.changes or {it.text_document.uri: it.edits for it in edit.document_changes}
    width = wide.width
    assert applied(wide.text, changes[wide.uri], width) == wide.text.replace("Block", "Piece")
    assert applied(net.text, changes[net.uri], width) == net.text.replace("Block", "Piece")


@pytest.mark.asyncio
async def test_hints_and_lenses(client):
    net = Document(client, client.folder / "net.dlm")
    hints = await client.text_document_inlay_hint_async(lsp.InlayHintParams(net.itself, net.whole()))
    labels = {it.label if isinstance(it.label, str) else "".join(part.value for part in it.label) for it in hints}
    assert any("[16, 8, 8]" in label for label in labels), labels
    assert "kernel:" in labels, labels
    assert "size:" in labels, labels
    net.replace("dense(10)", "flatten -> dense(10)")
    lenses = await client.text_document_code_lens_async(lsp.CodeLensParams(net.itself))
    place = net.place("Net(image")
    above = [it.command for it in lenses if it.range.start == place]
    # 16 · (9 + 1) for the convolution, 256 · 10 + 10 for the dense layer.
    assert above[0].title.startswith("2,730 parameters · "), lenses
    assert above[0].command == ""
    assert (above[1].title, above[1].command, *above[1].arguments) == ("draw", "dlm.draw", net.uri, "Net")
    started = {it.command.command: list(it.command.arguments) for it in lenses if it.command.arguments}
    assert started["dlm.check"] == [net.uri]
    assert started["dlm.run"] == [net.uri, "Net"]


@pytest.mark.asyncio
async def test_each_hint_can_be_switched_off(client):
    net = Document(client, client.folder / "net.dlm")

    async def labels(**settings):
        settings = {"dlm": {"hints": settings, "lenses": False}}
        client.workspace_did_change_configuration(lsp.DidChangeConfigurationParams(settings))
        hints = await client.text_document_inlay_hint_async(lsp.InlayHintParams(net.itself, net.whole()))
        return {it.label for it in hints}

    found = await labels(shapes=True, arguments=False, sizes=False)
    assert all(it.startswith("[") for it in found), found
    assert {"[16, 8, 8]", "[16, 4, 4]"} <= found
    found = await labels(shapes=False, arguments=True, sizes=False)
    assert found == {"channels:", "kernel:", "size:", "units:"}
    found = await labels(shapes=False, arguments=False, sizes=True)
    assert found and all(" = " in it for it in found), found
    assert await labels(shapes=False, arguments=False, sizes=False) == set()
    assert not await client.text_document_code_lens_async(lsp.CodeLensParams(net.itself))


@pytest.mark.asyncio
async def test_parts_of_a_file(client):
    net = Document(client, client.folder / "net.dlm")
    layer = lsp.Range(net.place("layer Block"), net.place("model Net"))
    all_ = await client.text_document_semantic_tokens_full_async(lsp.SemanticTokensParams(net.itself))
    part = await client.text_document_semantic_tokens_range_async(lsp.SemanticTokensRangeParams(net.itself, layer))
    # The first token is counted from the start of the file, the others from the one before.
    assert part.data[0] == layer.start.line
    at = [all_.data[i : i + 5] for i in range(0, len(all_.data), 5)]
    rest = [part.data[i : i + 5] for i in range(0, len(part.data), 5)][1:]
    assert len(rest) == 13
    assert rest in [at[i : i + len(rest)] for i in range(len(at))]
    marks = await client.text_document_document_highlight_async(
        lsp.DocumentHighlightParams(net.itself, net.place("Block(16)"))
    )
    assert [it.range.start for it in marks] == [net.place("Block(x"), net.place("Block(16)")]
    name = await client.text_document_prepare_rename_async(
        lsp.PrepareRenameParams(net.itself, net.place("Block(16)", after=2))
    )
    assert name == lsp.Range(net.place("Block(16)"), net.place("(16)"))
    symbols = await client.workspace_symbol_async(lsp.WorkspaceSymbolParams("wid"))
    assert [it.name for it in symbols] == ["Wide"]


@pytest.mark.asyncio
async def test_parts_are_formatted(client):
    net = Document(client, client.folder / "net.dlm")
    tidy = net.text
    net.replace("    x -> conv(channels, 3)", "  x->conv( channels,3 )")
    net.replace("    epochs = 1", "  epochs=1")
    options = lsp.FormattingOptions(tab_size=4, insert_spaces=True)
    range_ = lsp.Range(net.place("layer Block"), net.place("model Net"))
    edits = await client.text_document_range_formatting_async(
        lsp.DocumentRangeFormattingParams(net.itself, range_, options)
    )
    first = applied(net.text, edits, net.width)
    assert first == tidy.replace("    epochs = 1", "  epochs=1")
    typed = lsp.Position(net.place("epochs").line + 1, 1)
    edits = await client.text_document_on_type_formatting_async(
        lsp.DocumentOnTypeFormattingParams(net.itself, typed, "}", options)
    )
    assert applied(net.text, edits, net.width) == net.text.replace("  epochs=1", "    epochs = 1")


@pytest.mark.asyncio
async def test_symbols_folding_selection_links(client):
    net = Document(client, client.folder / "net.dlm")
    symbols = await client.text_document_document_symbol_async(lsp.DocumentSymbolParams(net.itself))
    assert {"Digits", "Block", "Net"} <= {it.name for it in symbols}
    folds = await client.text_document_folding_range_async(lsp.FoldingRangeParams(net.itself))
    assert net.place("model Net").line in {it.start_line for it in folds}
    place = net.place("channels, 3")
    ranges = await client.text_document_selection_range_async(lsp.SelectionRangeParams(net.itself, [place]))
    widths = []
    inner = ranges[0]
    while inner:
        widths.append((inner.range.end.line - inner.range.start.line, inner.range))
        inner = inner.parent
    assert len(widths) > 2
    wide = Document(client, client.folder / "wide.dlm")
    links = await client.text_document_document_link_async(lsp.DocumentLinkParams(wide.itself))
    assert [it.target for it in links] == [net.uri]


async def execute(client, command, *given):
    return await client.workspace_execute_command_async(lsp.ExecuteCommandParams(command, list(given)))


async def until(fact):
    """Waits until something is there, and gives it."""
    for _ in range(2000):
        there = fact()
        if there:
            return there
        await asyncio.sleep(0.01)
    raise AssertionError("waited in vain")


@pytest.mark.asyncio
async def test_a_network_is_drawn_as_it_is_typed_beside_a_broken_one(client):
    net = Document(client, client.folder / "net.dlm")
    net.replace("train Net", "model Sound(x: [5]) {\n    x -> dense(7)\n}\n\ntrain Net")
    await net.mistakes(["E0401", "W1001"])
    drawing = await execute(client, "dlm.draw", net.uri, "Sound")
    assert "dense(7)" in pathlib.Path(drawing.removeprefix("file://")).read_text()
    shows = client.capabilities.window.show_document
    if shows and shows.support:
        await until(lambda: drawing in [it.uri for it in client.shown_documents])
    with pytest.raises(JsonRpcException, match="no network `Net` can be drawn"):
        await execute(client, "dlm.draw", net.uri, "Net")


@pytest.mark.asyncio
async def test_a_check_counts(client):
    net = Document(client, client.folder / "net.dlm")
    counts = await execute(client, "dlm.check", net.uri)
    assert counts == {"errors": 1, "warnings": 0}
    await until(lambda: [it.message for it in client.messages] == ["1 error, 0 warnings"])


@pytest.mark.asyncio
async def test_a_run_tells_how_far_it_is(client):
    path = client.folder / "net.dlm"
    path.write_text(path.read_text().replace("dense(10)", "flatten -> dense(10)"))
    net = Document(client, path)
    await execute(client, "dlm.run", net.uri, "Net")
    (message,) = await until(lambda: client.messages)
    assert (message.type, message.message) == (lsp.MessageType.Info, "net.dlm: Net: Net is trained")
    ((begin, *reports, end),) = client.progress_reports.values()
    assert (begin.kind, begin.title, begin.cancellable) == ("begin", "net.dlm: Net", True)
    shares = [it.percentage for it in reports]
    assert shares == sorted(shares) and shares[-1] == 100
    assert (end.kind, end.message) == ("end", "Net is trained")


@pytest.mark.asyncio
async def test_a_run_can_be_stopped(client):
    path = client.folder / "net.dlm"
    text = path.read_text().replace("dense(10)", "flatten -> dense(10)")
    path.write_text(text.replace("epochs = 1", "epochs = 100000"))
    net = Document(client, path)
    await execute(client, "dlm.run", net.uri)
    await until(lambda: [it for all_ in client.progress_reports.values() for it in all_ if it.kind == "report"])
    (token,) = client.progress_reports
    client.window_work_done_progress_cancel(lsp.WorkDoneProgressCancelParams(token))
    (message,) = await until(lambda: client.messages)
    assert message.message == "net.dlm: stopped"
    assert client.progress_reports[token][-1].kind == "end"


def test_a_run_ends_with_its_editor(tmp_path):
    path = tmp_path / "net.dlm"
    text = (HERE / "fixture" / "net.dlm").read_text().replace("dense(10)", "flatten -> dense(10)")
    path.write_text(text.replace("epochs = 1", "epochs = 100000"))
    server = subprocess.Popen([DLM, "lsp"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    document = {"uri": path.as_uri(), "languageId": "dlm", "version": 1, "text": path.read_text()}
    run = {"command": "dlm.run", "arguments": [path.as_uri()]}
    for message in [
        {"id": 1, "method": "initialize", "params": {"capabilities": {}}},
        {"method": "initialized", "params": {}},
        {"method": "textDocument/didOpen", "params": {"textDocument": document}},
        {"id": 2, "method": "workspace/executeCommand", "params": run},
    ]:
        body = json.dumps({"jsonrpc": "2.0"} | message).encode()
        server.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        server.stdin.flush()
        if message.get("id") == 1:
            server.stdout.readline()

    def runs():
        lines = subprocess.run(["ps", "axww", "-o", "args"], capture_output=True, text=True).stdout
        return [line for line in lines.splitlines() if str(path) in line]

    def wait(wanted):
        for _ in range(500):
            if bool(runs()) == wanted:
                return True
            time.sleep(0.02)
        return False

    assert wait(True)
    server.stdin.close()
    server.wait(10)
    assert wait(False)


@pytest.mark.asyncio
async def test_every_example_is_without_fault_and_tidy(client):
    for path in PROGRAMS:
        document = Document(client, path)
        options = lsp.FormattingOptions(tab_size=4, insert_spaces=True)
        edits = await client.text_document_formatting_async(
            lsp.DocumentFormattingParams(document.itself, options)
        )
        assert applied(document.text, edits or [], document.width) == document.text, path.name
        for _ in range(500):
            if document.uri in client.diagnostics:
                break
            await asyncio.sleep(0.01)
        there = client.diagnostics[document.uri]
        # What names files of data that are not at hand says so, and no more.
        assert {str(it.code) for it in there} <= {"E0501"}, (path.name, there)
        tokens = await client.text_document_semantic_tokens_full_async(
            lsp.SemanticTokensParams(document.itself)
        )
        assert len(tokens.data) > 5, path.name
        client.text_document_did_close(lsp.DidCloseTextDocumentParams(document.itself))
