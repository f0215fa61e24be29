// Goes through every page and action as people do: with scripts and without, as each role, on a
// wide screen and a phone, in the light and in the dark; axe-core looks at each page. What it is
// given stands in the variable WALK; what is wrong is printed, and the exit code says so.
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';

const given = JSON.parse(process.env.WALK);
const require = createRequire(given.modules);
const { chromium } = require('playwright-core');
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync'];
const browser = await chromium.launch({ executablePath: given.chromium, args: flags });
const wrong = [];
const check = (fine, what) => { if (!fine) wrong.push(what); };

async function visit(options, how) {
  const context = await browser.newContext({ ...options, acceptDownloads: false });
  context.setDefaultTimeout(60000);
  const page = await context.newPage();
  page.on('console', message => {
    if (message.type() === 'error' && !/status of (4\d\d)/.test(message.text())) wrong.push(`console: ${message.text()}`);
  });
  page.on('pageerror', error => wrong.push(`script: ${error.message}`));
  page.on('request', request => check(request.url().startsWith(given.base), `asks ${request.url()}`));
  try { await how(page); } catch (error) { wrong.push(`${page.url()}: ${error.message}`); }
  await context.close();
}

const open = (page, path) => page.goto(given.base + path);

// Serious and critical faults only count; the rest is a matter of taste.
async function accessible(page, name) {
  // The page itself forbids scripts from elsewhere, so this one runs beside it.
  const client = await page.context().newCDPSession(page);
  const { frameTree } = await client.send('Page.getFrameTree');
  const { executionContextId } = await client.send('Page.createIsolatedWorld', { frameId: frameTree.frame.id });
  const run = async expression => {
    const { result, exceptionDetails } = await client.send('Runtime.evaluate', { expression, contextId: executionContextId, awaitPromise: true, returnByValue: true });
    if (exceptionDetails) throw new Error(`axe: ${exceptionDetails.text} ${exceptionDetails.exception?.description ?? ''}`);
    return result.value;
  };
  await run(axe);
  const faults = await run(`axe.run(document, { resultTypes: ['violations'] }).then(found => found.violations
    .filter(one => one.impact === 'serious' || one.impact === 'critical')
    .map(one => one.id + ': ' + one.nodes.slice(0, 3).map(node => node.html.slice(0, 120)).join(' | ')))`);
  for (const fault of faults) wrong.push(`${name}: ${fault}`);
}

async function fits(page, name) {
  const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  check(over <= 0, `${name} is ${over} pixels too wide`);
}

const pages = ['/', '/?show=all&page=2', '/?q=nothing-like-this', ...given.items.map(id => `/items/${id}`),
  `/items/${given.items[0]}?view=print`, '/metrics', '/repositories', '/review?since=2020-01-01', '/nowhere'];

const looks = {
  wide: { viewport: { width: 1280, height: 900 } },
  dark: { viewport: { width: 1280, height: 900 }, colorScheme: 'dark' },
  phone: { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true },
};
// The small and the dark screen need not show every item there is.
const few = ['/', `/items/${given.items[0]}`, '/metrics', '/repositories', '/review?since=2020-01-01'];
for (const [name, options] of Object.entries(looks)) {
  await visit(options, async page => {
    await open(page, '/sign-in');
    await accessible(page, `${name} /sign-in`);
    await page.goto(given.link);
    check(new URL(page.url()).pathname === '/', 'the link leads to the board');
    for (const path of name === 'wide' ? pages : few) {
      await open(page, path);
      await accessible(page, `${name} ${path}`);
      await fits(page, `${name} ${path}`);
      if (given.shots) await page.screenshot({ path: `${given.shots}/${name}${path.replace(/[^a-zA-Z0-9]+/g, '-')}.png`, fullPage: true });
    }
  });
}

// The search narrows while one types, and its address can be sent to somebody.
await visit(looks.wide, async page => {
  await page.goto(given.link);
  await page.getByRole('searchbox').pressSequentially(given.items[0], { delay: 20 });
  await page.waitForURL(url => url.searchParams.get('q') === given.items[0]);
  await page.locator(`#results a[href="/items/${given.items[0]}"]`).waitFor();
  await page.getByRole('link', { name: /Closed/ }).first().click();
  check(new URL(page.url()).searchParams.get('q') === given.items[0], 'another view keeps the search');
});

// By keyboard alone: past the navigation, into the list, to the item.
await visit(looks.wide, async page => {
  await page.goto(given.link);
  await page.keyboard.press('Tab');
  check(await page.evaluate(() => document.activeElement.className === 'skip'), 'the first stop skips the navigation');
  await page.keyboard.press('Enter');
  await page.locator('.items a').first().focus();
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/items\/V-/);
  await page.locator('summary', { hasText: 'Remark' }).focus();
  await page.keyboard.press('Enter');
  await page.keyboard.press('Tab');
  await page.keyboard.type('written by keyboard');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await page.getByText('Recorded: written by keyboard').waitFor();
});

// Fills in and sends every form that an item offers; what they do.
const words = 'a reason that is long enough for everybody';
async function doesAll(page, id, mode) {
  await open(page, `/items/${id}`);
  const deeds = await page.locator('.deeds form').evaluateAll(forms => forms.map(form => form.getAttribute('action').split('/').pop()));
  // Setting aside comes last: after it little else is possible.
  for (const deed of deeds.sort((a, b) => (a === 'dismiss') - (b === 'dismiss'))) {
    await open(page, `/items/${id}`);
    const form = page.locator(`form[action="/items/${id}/actions/${deed}"]`);
    if (await form.count() === 0) continue;
    if (!(await form.isVisible())) await page.locator('.deeds summary').getByText((await form.locator('button').textContent()).trim(), { exact: true }).click();
    for (const area of await form.locator('textarea').all()) await area.fill(`${words}: ${deed}`);
    for (const line of await form.locator('input:not([type])').all()) await line.fill(await line.getAttribute('name') === 'digest' ? 'ab'.repeat(32) : 'issuer.example');
    for (const date of await form.locator('input[type=date][required]').all()) await date.fill(given.later);
    for (const file of await form.locator('input[type=file]').all()) await file.setInputFiles({ name: `page of ${id}.txt`, mimeType: 'text/plain', buffer: Buffer.from(`the console says so: ${id}`) });
    await form.locator('button').click();
    await page.waitForLoadState();
    const done = page.url().includes(`done=${deed}`);
    const refused = await page.getByRole('alert').count() > 0;
    check(done || (refused && ['extend', 'step-extend'].includes(deed)), `${mode}: ${deed} on ${id}: ${done ? '' : await page.locator('main').innerText()}`.slice(0, 600));
  }
  return deeds;
}

// Every form of an open item is filled in and sent, with scripts and without.
for (const javaScriptEnabled of [true, false]) {
  await visit({ ...looks.wide, javaScriptEnabled }, async page => {
    const mode = javaScriptEnabled ? 'with scripts' : 'without scripts';
    await page.goto(given.link);
    await page.getByRole('searchbox').fill('production');
    await page.getByRole('button', { name: 'Filter' }).click();
    await page.waitForURL(/q=production/);
    check(await page.locator('.items tbody tr').count() > 0, `${mode}: the search finds`);
    const id = javaScriptEnabled ? given.forms[0] : given.forms[1];
    await open(page, `/items/${id}`);
    const deeds = await doesAll(page, id, mode);
    check(deeds.length >= 6, `${mode}: ${id} offers ${deeds}`);
    await open(page, '/review?since=2020-01-01');
    await page.getByLabel('What you looked at and found').fill(`${words} ${mode}`);
    await page.getByRole('button', { name: 'Sign', exact: true }).click();
    await page.getByText('Your review is on record').waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.waitForURL(/sign-in/);
    await open(page, '/metrics');
    check(page.url().includes('/sign-in?next=%2Fmetrics'), `${mode}: nobody is signed in any more`);
  });
}

// Each role sees every page, is offered what it is given for, and does it.
for (const [role, { token, duties, item }] of Object.entries(given.roles)) {
  await visit({ ...looks.wide, javaScriptEnabled: false }, async page => {
    await open(page, `/items/${given.items[0]}`);
    await page.getByLabel('Access token').fill(token);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.waitForURL(`**/items/${given.items[0]}`);
    for (const [deed, may] of Object.entries(duties)) {
      const offered = await page.locator(`form[action$="/actions/${deed}"]`).count() > 0;
      check(offered === may, `${role} ${offered ? 'is' : 'is not'} offered ${deed}`);
    }
    check((await page.locator('.foot').innerText()).includes(role), `${role} reads who they are`);
    for (const path of ['/', '/metrics', '/repositories', '/review']) {
      const answer = await open(page, path);
      check(answer.status() === 200, `${role} ${path}: ${answer.status()}`);
    }
    const deeds = await doesAll(page, item, role);
    check((deeds.length > 0) === Object.values(duties).some(may => may), `${role} is offered ${deeds}`);
  });
}

await browser.close();
for (const what of wrong) console.log(what);
process.exit(wrong.length === 0 ? 0 : 1);
