// What a test may change while the provider runs.

/** In force from the next request on. */
export const settings = {
  /** How long tokens hold, in seconds. */
  lifetime: 600,
  /** How long a device's code is good, in seconds, and how often it may ask; not said when null, as usual. */
  device: { lifetime: 600, interval: null },
  /** How people prove themselves from now on: what tokens say of it, and how many seconds ago it was. */
  next: { amr: ['pwd', 'mfa'], acr: 'urn:pulse-console:two-factors', age: 0 },
};

/** What was asked of the provider, by the name of the endpoint. */
export const seen = {};

/** How long it took to answer all of that, in milliseconds. */
export const spent = { ms: 0 };
