// The TextMate grammar and the server say the same of every word of every program: a keyword of the one is
// no function of the other, and all numbers, strings and comments are where both see them.
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const extension = join(root, 'lsp/editors/vscode');
const require = createRequire(join(extension, 'package.json'));
const textmate = require('vscode-textmate');
const oniguruma = require('vscode-oniguruma');

// For each kind of word of the server: the scopes that it may have. The server knows what a name is, and the
// grammar only how it is written and where it stands.
const SCOPES = {
    keyword: ['keyword.control', 'keyword.other.clause', 'keyword.operator.logical', 'storage.type', 'constant.language'],
    function: ['support.function'],
    class: ['entity.name.type'],
    type: ['entity.name.type', 'entity.name.namespace'],
    property: ['variable.other.property', 'variable.parameter', 'variable.other.dlm'],
    parameter: ['variable.parameter', 'variable.other.dlm', 'entity.name.type.dlm'],
    variable: ['variable.other.dlm', 'entity.name.label'],
    enumMember: ['variable.other.enummember', 'keyword.other.unit', 'constant.other.code'],
    number: ['constant.numeric'],
    string: ['string.quoted'],
    comment: ['comment.line'],
};

const grammar = await loaded();
const server = new Server(process.env.DLM);
const { capabilities } = await server.ask('initialize', {
    processId: null, rootUri: null,
    capabilities: { textDocument: { semanticTokens: { tokenTypes: [], tokenModifiers: [], formats: ['relative'], requests: { full: true } } } },
});
server.tell('initialized', {});
const legend = capabilities.semanticTokensProvider.legend.tokenTypes;
let words = 0, wrong = 0;
for (const folder of ['examples', 'stdlib', 'benches']) {
    for (const name of readdirSync(join(root, folder)).filter((it) => it.endsWith('.dlm'))) {
        await compare(join(root, folder, name), `${folder}/${name}`);
    }
}
await server.ask('shutdown', null);
server.tell('exit', null);
console.log(`${words - wrong} passed, ${wrong} failed`);
process.exit(wrong === 0 && words > 1000 ? 0 : 1);

async function compare(file, name) {
    const text = readFileSync(file, 'utf8');
    const uri = pathToFileURL(file).href;
    server.tell('textDocument/didOpen', { textDocument: { uri, languageId: 'dlm', version: 1, text } });
    const { data } = await server.ask('textDocument/semanticTokens/full', { textDocument: { uri } });
    server.tell('textDocument/didClose', { textDocument: { uri } });
    const lines = text.split('\n');
    const scopes = scopesOf(lines);
    const seen = lines.map((line) => new Array(line.length).fill(false));
    let line = 0, column = 0;
    for (let i = 0; i < data.length; i += 5) {
        column = data[i] === 0 ? column + data[i + 1] : data[i + 1];
        line += data[i];
        const kind = legend[data[i + 3]];
        const there = scopes[line][column] ?? '';
        words += 1;
        seen[line].fill(true, column, column + data[i + 2]);
        if (!SCOPES[kind].some((scope) => there.split(' ').some((it) => it.startsWith(scope)))) {
            const word = lines[line].slice(column, column + data[i + 2]);
            report(`${name}:${line + 1}:${column + 1}: \`${word}\` is ${kind} to the server, ${there} to the grammar`);
        }
    }
    // What the grammar takes for a number, a string or a comment, the server does too.
    scopes.forEach((row, line) => row.forEach((scope, column) => {
        const literal = /constant\.numeric|string\.quoted|comment\.line/.test(scope);
        const again = column > 0 && row[column - 1] === scope && !seen[line][column - 1];
        if (literal && !again && !seen[line][column] && /\S/.test(lines[line][column])) {
            report(`${name}:${line + 1}:${column + 1}: ${scope} to the grammar, nothing to the server`);
        }
        if (/invalid/.test(scope)) report(`${name}:${line + 1}:${column + 1}: ${scope}`);
    }));
}

function report(text) {
    wrong += 1;
    if (wrong <= 40) console.log(text);
}

/** The scopes at each character of each line, without that of the file. */
function scopesOf(lines) {
    let state = textmate.INITIAL;
    return lines.map((line) => {
        const { tokens, ruleStack } = grammar.tokenizeLine(line, state);
        state = ruleStack;
        const row = [];
        for (const { startIndex, endIndex, scopes } of tokens) {
            for (let at = startIndex; at < Math.min(endIndex, line.length); at += 1) row[at] = scopes.slice(1).join(' ');
        }
        return row;
    });
}

async function loaded() {
    const wasm = readFileSync(join(dirname(require.resolve('vscode-oniguruma')), 'onig.wasm'));
    await oniguruma.loadWASM(wasm.buffer.slice(wasm.byteOffset, wasm.byteOffset + wasm.byteLength));
    const registry = new textmate.Registry({
        onigLib: Promise.resolve({
            createOnigScanner: (patterns) => new oniguruma.OnigScanner(patterns),
            createOnigString: (text) => new oniguruma.OnigString(text),
        }),
        loadGrammar: async () => {
            const path = join(extension, 'syntaxes/dlm.tmLanguage.json');
            return textmate.parseRawGrammar(readFileSync(path, 'utf8'), path);
        },
    });
    return registry.loadGrammar('source.dlm');
}

/** The server as a process, and its messages. */
function Server(program) {
    const child = spawn(program, ['lsp'], { stdio: ['pipe', 'pipe', 'inherit'] });
    const waiting = new Map();
    let last = 0, read = Buffer.alloc(0);
    const send = (message) => {
        const body = JSON.stringify({ jsonrpc: '2.0', ...message });
        child.stdin.write(`Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
    };
    child.on('exit', (code) => {
        if (waiting.size > 0) { console.log(`the server ended with ${code}`); process.exit(1); }
    });
    child.stdout.on('data', (data) => {
        read = Buffer.concat([read, data]);
        for (;;) {
            const end = read.indexOf('\r\n\r\n');
            if (end < 0) return;
            const length = Number(/Content-Length: (\d+)/i.exec(read.subarray(0, end).toString())[1]);
            if (read.length < end + 4 + length) return;
            const message = JSON.parse(read.subarray(end + 4, end + 4 + length).toString());
            read = read.subarray(end + 4 + length);
            if (message.method && message.id !== undefined) send({ id: message.id, result: null });
            else if (waiting.has(message.id)) {
                const { resolve, reject } = waiting.get(message.id);
                waiting.delete(message.id);
                if (message.error) reject(new Error(message.error.message)); else resolve(message.result);
            }
        }
    });
    this.tell = (method, params) => send({ method, params });
    this.ask = (method, params) => new Promise((resolve, reject) => {
        last += 1;
        waiting.set(last, { resolve, reject });
        send({ id: last, method, params });
    });
}
