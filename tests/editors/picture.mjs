// Opens a program in VS Code, waits for what the server says of it, and takes a picture.
import { createRequire } from 'node:module';
const puppeteer = createRequire(`${process.env.NODE_PATH}/`)('puppeteer-core');

const [url, out] = process.argv.slice(2);
const browser = await puppeteer.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
        '--disable-component-update', '--disable-sync'],
});
try {
    const page = await browser.newPage();
    await page.setViewport({ width: 960, height: 742, deviceScaleFactor: 1.8 });
    const file = '.explorer-folders-view .monaco-list-row[aria-label^="digits.dlm"]';
    for (let tries = 30; ; tries -= 1) {
        try {
            await page.goto(url, { waitUntil: 'domcontentloaded' });
            break;
        } catch (error) {
            if (tries === 0) throw error;
            await pause(1000);
        }
    }
    await page.waitForSelector(file, { timeout: 60000 });
    await page.click(file, { count: 2 });
    await page.waitForSelector('.monaco-editor .view-line');
    for (const [what, selector] of [
        ['a mistake', '.squiggly-error'], ['lenses', '.codelens-decoration a, .codelens-decoration span'],
    ]) {
        await page.waitForSelector(selector, { timeout: 30000 }).catch(() => { throw new Error(`no ${what}`); });
    }
    await page.waitForFunction(
        () => document.querySelector('.monaco-editor .view-lines').textContent.includes('[32,\u00a08,\u00a08]'),
        { timeout: 30000 },
    );
    await press(page, 'b', ['Control']);
    await pause(1500);
    // The mistake in its own words, between the lines.
    await press(page, 'F8', ['Alt']);
    await page.waitForSelector('.marker-widget', { visible: true, timeout: 10000 });
    await page.mouse.wheel({ deltaY: -2000 });
    await page.mouse.move(900, 700);
    await pause(2000);
    await page.screenshot({ path: out, clip: { x: 0, y: 0, width: 960, height: 738 } });
} finally {
    await browser.close();
}

async function press(page, key, modifiers) {
    for (const modifier of modifiers) await page.keyboard.down(modifier);
    await page.keyboard.press(key);
    for (const modifier of modifiers) await page.keyboard.up(modifier);
}

function pause(ms) {
    return new Promise((resolve) => setTimeout(resolve, ms));
}
