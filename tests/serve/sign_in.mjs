// Signs in with the provider as people do: in a browser, with scripts off. What it is given stands in
// the variable WALK; what it saw is printed as JSON.
import { createRequire } from 'node:module';

const given = JSON.parse(process.env.WALK);
const { chromium } = createRequire(given.modules)('playwright-core');
const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync'];
const browser = await chromium.launch({ executablePath: given.chromium, args: flags });
const seen = {};
// The provider's own cookies begin with _; a browser shows those of every port of a host.
const own = async context => (await context.cookies(given.base)).map(cookie => cookie.name).filter(name => !name.startsWith('_'));
for (const who of given.people) {
  const context = await browser.newContext({ javaScriptEnabled: false, ignoreHTTPSErrors: true });
  context.setDefaultTimeout(60000);
  const page = await context.newPage();
  let back;
  page.on('request', request => { if (request.url().startsWith(`${given.base}/sign-in/return`)) back = request.url(); });
  await page.goto(`${given.base}/items/V-1`);
  await page.getByRole('link', { name: /^Sign in with/ }).click();
  await page.locator('input[name=login]').fill(who);
  await page.locator('input[name=password]').fill('anything');
  await page.locator('button[type=submit]').click();
  await page.waitForURL(/interaction/);
  await page.locator('button[type=submit]').click();
  await page.waitForURL(url => url.href.startsWith(given.base));
  seen[who] = {
    path: new URL(page.url()).pathname,
    text: await page.locator('body').innerText(),
    cookies: await own(context),
  };
  if (given.shots) await page.screenshot({ path: `${given.shots}/sign-in-${who}.png` });
  // Where the provider sent the browser signs nobody in again: not here, not in another browser.
  await context.clearCookies();
  const thief = await browser.newContext({ javaScriptEnabled: false });
  for (const again of [page, await thief.newPage()]) await again.goto(back);
  seen[who].again = [...await own(context), ...await own(thief)];
  await thief.close();
  await context.close();
}
await browser.close();
console.log(JSON.stringify(seen));
