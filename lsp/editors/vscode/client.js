// The extension: starts `dlm lsp`, and asks it to run, check and draw.
const { execFile } = require('node:child_process');
const { promisify } = require('node:util');
const vscode = require('vscode');
const { LanguageClient } = require('vscode-languageclient/node');

/** @type {LanguageClient | undefined} */
let client;

/** @param {vscode.ExtensionContext} context */
exports.activate = async function (context) {
    const commands = {
        'dlm.runFile': () => ask('dlm.run'),
        'dlm.checkFile': () => ask('dlm.check'),
        'dlm.drawFile': draw,
        'dlm.restart': async () => {
            await client?.stop();
            client = undefined;
            await start();
        },
    };
    for (const [name, run] of Object.entries(commands)) {
        context.subscriptions.push(vscode.commands.registerCommand(name, run));
    }
    context.subscriptions.push(vscode.workspace.onDidChangeConfiguration(async (event) => {
        if (event.affectsConfiguration('dlm.program')) await commands['dlm.restart']();
    }));
    await start();
};

exports.deactivate = () => client?.stop();

async function start() {
    const settings = vscode.workspace.getConfiguration('dlm');
    const program = settings.get('program', 'dlm');
    try {
        await promisify(execFile)(program, ['--version']);
    } catch (error) {
        const text = `\`${program}\` does not start: ${error.message}`;
        vscode.window.showErrorMessage(text, 'Settings').then((choice) => {
            if (choice) vscode.commands.executeCommand('workbench.action.openSettings', 'dlm.program');
        });
        return;
    }
    client = new LanguageClient('dlm', 'dlm', { command: program, args: ['lsp'] }, {
        documentSelector: [{ language: 'dlm' }],
        initializationOptions: { hints: settings.get('hints'), lenses: settings.get('lenses') },
        synchronize: { configurationSection: 'dlm' },
        middleware: {
            executeCommand: execute,
            window: {
                showDocument: (params, next) => /\.svg$/i.test(params.uri) ? show(params.uri) : next(params),
            },
        },
    });
    await client.start();
}

/** Asks the server to do something with the file of the present editor. */
async function ask(command, ...more) {
    const document = vscode.window.activeTextEditor?.document;
    if (!client?.isRunning() || document?.languageId !== 'dlm') return;
    await vscode.commands.executeCommand(command, document.uri.toString(), ...more);
}

/** What the server does when it is asked, by a click on a lens too. What runs is the file: it is saved before. */
async function execute(command, given) {
    if (command === 'dlm.run') {
        const uri = vscode.Uri.parse(given[0]).toString();
        await vscode.workspace.textDocuments.find((it) => it.uri.toString() === uri)?.save();
    }
    try {
        return await client?.sendRequest('workspace/executeCommand', { command, arguments: given });
    } catch (error) {
        vscode.window.showErrorMessage(error.message ?? String(error));
    }
}

/** Draws a network of the file: the only one, or the one that the user chooses. */
async function draw() {
    const text = vscode.window.activeTextEditor?.document.getText() ?? '';
    const names = [...text.matchAll(/^\s*model\s+([A-Za-z_]\w*)/gm)].map((match) => match[1]);
    const name = names.length > 1
        ? await vscode.window.showQuickPick(names, { placeHolder: 'Which network?' })
        : names[0];
    if (name) await ask('dlm.draw', name);
}

/** Shows a drawing beside the text. */
async function show(uri) {
    const file = vscode.Uri.parse(uri);
    const picture = new TextDecoder().decode(await vscode.workspace.fs.readFile(file));
    const title = file.path.split('/').pop().replace(/\.svg$/i, '');
    const panel = vscode.window.createWebviewPanel('dlm.drawing', title, vscode.ViewColumn.Beside);
    const policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";
    panel.webview.html = `<!DOCTYPE html><html><head><meta http-equiv="Content-Security-Policy" content="${policy}">
        <style>body { background: #ffffff; text-align: center; }</style></head><body>${picture}</body></html>`;
    return { success: true };
}
