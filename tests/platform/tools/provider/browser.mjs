// Signs somebody in with a real browser, and prints as JSON where it came to.
//
//   node browser.mjs PACKAGES CHROMIUM ADDRESS USER PASSWORD CODE

import { load } from './packages.mjs';

const [packages, executablePath, address, user, password, code] = process.argv.slice(2);
const { default: playwright } = await load(packages, 'playwright-core');
const { origin } = new URL(address);

// The sandbox does not work for root, whom tests often run as; nothing but our own pages is opened.
const browser = await playwright.chromium.launch({ executablePath, headless: true, chromiumSandbox: false });
try {
  const page = await browser.newPage();
  const asked = [];
  const complaints = [];
  page.on('request', (request) => asked.push(request.url()));
  // What browsers think of the provider's pages is not what is tested.
  page.on('console', (message) => {
    if (!message.location().url.startsWith(origin)) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));

  await page.goto(address);
  await page.getByLabel('User').fill(user);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Go on' }).click();
  await page.getByLabel('Code').fill(code);
  await page.getByRole('button', { name: 'Go on' }).click();
  await page.getByRole('button', { name: 'Let it in' }).click();
  await page.waitForURL((url) => url.origin !== origin);

  const text = await page.locator('body').innerText();
  console.log(JSON.stringify({ address: page.url(), title: await page.title(), text, asked, complaints }));
} finally {
  await browser.close();
}
