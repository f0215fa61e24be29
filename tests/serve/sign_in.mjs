// Signs in with the provider as people do: in a browser, with scripts off. What it is given stands in
// the variable WALK; what it saw is printed as JSON.
import { createRequire } from 'node:module';

const given = JSON.parse(process.env.WALK);
const { chromium } = createRequire(given.modules)('playwright-core');
const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync'];
const browser = await chromium.launch({ executablePath: given.chromium, args: flags });
const seen = {};
for (const who of given.people) {
  const context = await browser.newContext({ javaScriptEnabled: false, ignoreHTTPSErrors: true });
  context.setDefaultTimeout(60000);
  const page = await context.newPage();
  await page.goto(`${given.base}/items/V-1`);
  await page.getByRole('link', { name: /^Sign in with/ }).click();
  await page.locator('input[name=login]').fill(who);
  await page.locator('input[name=password]').fill('anything');
  await page.locator('button[type=submit]').click();
  await page.waitForURL(/interaction/);
  await page.locator('button[type=submit]').click();
  await page.waitForURL(url => url.href.startsWith(given.base));
  const cookies = await context.cookies(given.base);
  seen[who] = {
    path: new URL(page.url()).pathname,
    text: await page.locator('body').innerText(),
    cookies: cookies.map(cookie => cookie.name),
  };
  // Going back to where the provider sent the browser signs nobody in again.
  if (given.shots) await page.screenshot({ path: `${given.shots}/sign-in-${who}.png` });
  await context.close();
}
await browser.close();
console.log(JSON.stringify(seen));
