// Makes dist/client.js, one file of the client and the packages that it uses, and dist/licenses.txt, theirs.
import { build } from 'esbuild';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';

const { metafile } = await build({
    entryPoints: ['client.js'],
    bundle: true,
    platform: 'node',
    target: 'node18',
    external: ['vscode'],
    minify: true,
    outfile: 'dist/client.js',
    metafile: true,
});
const folders = new Set(Object.keys(metafile.inputs).flatMap((path) => path.match(/^.*node_modules\/(@[^/]+\/)?[^/]+/)?.[0] ?? []));
const texts = [...folders].sort().map((folder) => {
    const { name, version } = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8'));
    const file = readdirSync(folder).find((it) => /^licen[cs]e/i.test(it));
    if (!file) throw new Error(`${folder} has no licence`);
    return `${name} ${version}\n\n${readFileSync(`${folder}/${file}`, 'utf8').trim()}\n`;
});
writeFileSync('dist/licenses.txt', texts.join(`\n${'-'.repeat(80)}\n\n`));
