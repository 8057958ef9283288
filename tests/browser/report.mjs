// Loads the page of a run in every view and says what is wrong with it; report.sh tells how to call it.
import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import puppeteer from 'puppeteer-core';

const VIEWS = [{ name: 'desktop', width: 1280, height: 900 }, { name: 'phone', width: 390, height: 844 }];

const args = process.argv.slice(2);
let shots;
if (args[0] === '--shots') {
    [, shots] = args.splice(0, 2);
    mkdirSync(shots, { recursive: true });
}
const [file, ...sections] = args;
if (!file) {
    console.error('usage: report.sh [--shots FOLDER] report.html [SECTION …]');
    process.exit(2);
}
const url = pathToFileURL(resolve(file)).href;

const browser = await puppeteer.launch({
    executablePath: process.env.CHROMIUM,
    userDataDir: process.env.PROFILE,
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking',
        '--disable-component-update', '--disable-sync'],
});
let passed = 0;
let failed = 0;
try {
    for (const view of VIEWS) {
        for (const scheme of ['light', 'dark']) await look(view, scheme, true);
        await look(view, 'light', false);
    }
    await print();
} finally {
    await browser.close();
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);

function judge(where, what, faults) {
    if (faults.length === 0) {
        passed += 1;
    } else {
        failed += 1;
        console.log(`${where}: ${what}: ${faults.join('; ')}`);
    }
}

// A tab with the page, and lists that fill with what goes wrong in it.
async function open(view, scheme, script) {
    const page = await browser.newPage();
    const errors = [];
    const requests = [];
    page.on('pageerror', (error) => errors.push(String(error)));
    page.on('console', (message) => {
        if (['error', 'warn'].includes(message.type())) errors.push(message.text());
    });
    page.on('request', (request) => {
        if (request.url() !== url && !request.url().startsWith('data:')) requests.push(request.url());
    });
    await page.setJavaScriptEnabled(script);
    await page.setViewport({ width: view.width, height: view.height, deviceScaleFactor: 1 });
    await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
    await page.goto(url, { waitUntil: 'networkidle0' });
    return { page, errors, requests };
}

async function look(view, scheme, script) {
    const where = `${view.name}, ${script ? scheme : 'without script'}`;
    const { page, errors, requests } = await open(view, scheme, script);
    judge(where, 'errors', errors);
    judge(where, 'requests', requests);
    const found = await page.evaluate(() => ({
        sections: [...document.querySelectorAll('main > section')].filter((it) => it.offsetHeight > 0).map((it) => it.id),
        wide: document.documentElement.scrollWidth - document.documentElement.clientWidth,
        levels: [...document.querySelectorAll('h1, h2, h3, h4')].map((it) => Number(it.tagName[1])),
        hidden: [...document.querySelectorAll('.panel')].filter((it) => it.offsetHeight === 0).map((it) => it.id),
        unnamed: [...document.querySelectorAll('canvas:not([aria-label]), img:not([alt]), table th:not([scope])')]
            .map((it) => it.outerHTML.slice(0, 60)),
    }));
    judge(where, 'sections that are not there', sections.filter((id) => !found.sections.includes(id)));
    judge(where, 'wider than the window', found.wide > 0 ? [`by ${found.wide} px`] : []);
    judge(where, 'a level of headings is left out', found.levels.filter((level, i) => level > (found.levels[i - 1] ?? 0) + 1));
    judge(where, 'without a name', found.unnamed);
    if (script) {
        judge(where, 'empty charts', await page.evaluate(empty));
        judge(where, 'tabs', await page.evaluate(tabs));
        const colors = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
        const before = await colors();
        await page.click('#theme');
        judge(where, 'the switch of the theme', await colors() === before ? ['changes nothing'] : []);
        await page.click('#theme');
    } else {
        judge(where, 'hidden without script', found.hidden);
    }
    if (shots && script) {
        await page.screenshot({ path: `${shots}/${view.name}-${scheme}.png`, fullPage: true });
    }
    await page.close();
}

// On paper everything is seen, dark screen or not.
async function print() {
    const { page, errors } = await open(VIEWS[0], 'dark', true);
    const pdf = await page.pdf({ format: 'A4', ...shots && { path: `${shots}/paper.pdf` } });
    judge('paper', 'errors', errors);
    judge('paper', 'nothing on it', pdf.length > 10000 ? [] : [`${pdf.length} bytes`]);
    await page.emulateMediaType('print');
    judge('paper', 'hidden', await page.evaluate(() =>
        [...document.querySelectorAll('.panel')].filter((it) => it.offsetHeight === 0).map((it) => it.id)));
    await page.close();
}

// Charts between whose axes no data is drawn: nothing there has the colour of any.
function empty() {
    const near = (data, i, rgb) => data[i + 3] > 200 && rgb.every((x, k) => Math.abs(data[i + k] - x) < 12);
    return [...document.querySelectorAll('canvas')].filter((canvas) => {
        if (!canvas.width || !canvas.height) return true;
        const chart = window.Chart.getChart(canvas);
        const { left, top, right, bottom } = chart.chartArea;
        const scale = canvas.width / canvas.clientWidth;
        const area = [left, top, right - left, bottom - top].map((x) => x * scale);
        const { data } = canvas.getContext('2d').getImageData(...area);
        const colors = chart.data.datasets.map((set) => set.backgroundColor.match(/[\d.]+/g).slice(0, 3).map(Number));
        return !colors.some((rgb) => {
            for (let i = 0; i < data.length; i += 4) if (near(data, i, rgb)) return true;
            return false;
        });
    }).map((canvas) => canvas.getAttribute('aria-label'));
}

// Every tab shows its own panel and hides the others; afterwards the first is shown again.
function tabs() {
    const faults = [];
    for (const list of document.querySelectorAll('.tablist')) {
        const buttons = [...list.children];
        for (const button of [...buttons, buttons[0]]) {
            button.click();
            const seen = buttons.filter((it) => document.getElementById(it.getAttribute('aria-controls')).offsetHeight > 0);
            if (seen.length !== 1 || seen[0] !== button) faults.push(button.id);
        }
    }
    return faults;
}
