// The packages live in a cache folder, not beside these files: modules are looked up from there.

import { webcrypto } from 'node:crypto';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

// oidc-provider 9 asks for Node 22; on the 18 of Debian 12 these two are all that is missing.
globalThis.crypto ??= webcrypto;
URL.parse ??= (address, base) => {
  try {
    return new URL(address, base);
  } catch {
    return null;
  }
};

/** Loads the package `name` from the `node_modules` in `folder`. */
export const load = (folder, name) =>
  import(pathToFileURL(createRequire(join(folder, 'any.js')).resolve(name)).href);
