// The OpenID provider of the tests and of `make platform`: oidc-provider, with people, pages and a handle for tests.
//
//   node provider.mjs PACKAGES PORT
//
// It listens on 127.0.0.1:PORT and ends with its process; what it knows ends with it.

import { createPrivateKey, generateKeyPairSync, randomUUID } from 'node:crypto';
import { createServer } from 'node:http';

import { configuration } from './configuration.mjs';
import { control } from './control.mjs';
import { load } from './packages.mjs';
import * as pages from './pages.mjs';
import { html } from './requests.mjs';
import { seen, settings, spent } from './settings.mjs';
import { talk } from './signing_in.mjs';

const [packages, port] = process.argv.slice(2);
const issuer = `http://127.0.0.1:${port}`;
const { Provider, interactionPolicy } = await load(packages, 'oidc-provider');

// By way of PEM: Node 20 now and then waits for itself for ever when it exports a key that it has just made.
const PEM = { privateKeyEncoding: { type: 'pkcs8', format: 'pem' }, publicKeyEncoding: { type: 'spki', format: 'pem' } };
const key = (algorithm, kind, options) => ({
  ...createPrivateKey(generateKeyPairSync(kind, { ...options, ...PEM }).privateKey).export({ format: 'jwk' }),
  alg: algorithm,
  kid: randomUUID(),
  use: 'sig',
});
const pair = () => [
  key('RS256', 'rsa', { modulusLength: 2048 }),
  key('PS256', 'rsa', { modulusLength: 2048 }),
  key('ES256', 'ec', { namedCurve: 'P-256' }),
];

const make = (keys) => {
  const provider = new Provider(issuer, configuration(keys, interactionPolicy));
  provider.use(async (ctx, next) => {
    await next();
    const route = ctx.oidc?.route ?? 'other';
    seen[route] = (seen[route] ?? 0) + 1;
    // oidc-provider never says how often a device may ask.
    if (route === 'device_authorization' && ctx.status === 200 && settings.device.interval !== null) {
      ctx.body.interval = settings.device.interval;
    }
  });
  return { keys, provider, answer: provider.callback() };
};

let now = make(pair());
// Keys of a provider can't be changed: another one takes over what the first has kept.
const rotate = (keeps) => {
  now = make(keeps === 'forget' ? pair() : [...pair(), ...now.keys]);
};

const server = createServer(async (request, response) => {
  const { pathname } = new URL(request.url, issuer);
  const began = performance.now();
  if (pathname !== '/control') response.on('finish', () => (spent.ms += performance.now() - began));
  try {
    if (pathname === '/control') await control(request, response, rotate);
    else if (pathname.startsWith('/interaction/')) await talk(now.provider, request, response);
    else await now.answer(request, response);
  } catch (error) {
    console.error(error);
    if (response.headersSent) response.destroy();
    else html(response, pages.failed(error.message), error.statusCode ?? 500);
  }
});
server.listen(Number(port), '127.0.0.1', () => console.log(`${issuer} on Node ${process.versions.node}`));
