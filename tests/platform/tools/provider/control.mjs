// What tests do to the provider behind its back.

import { people } from './people.mjs';
import { answer, json } from './requests.mjs';
import { seen, settings, spent } from './settings.mjs';
import { forget } from './store.mjs';

const orders = {
  lifetime: (seconds) => Object.assign(settings, { lifetime: seconds }),
  device: (some) => Object.assign(settings.device, some),
  next: (some) => Object.assign(settings.next, some),
  groups: ({ user, groups }) => Object.assign(people.get(user), { groups }),
  // Everything of this person ends: sessions, grants and tokens.
  revoke: (user) => {
    const { subject } = people.get(user);
    forget((_, payload) => payload.accountId === subject);
  },
};

/** Answers a request to `/control`: a GET tells what was asked so far and how long that took, a POST is an object of orders. */
export const control = async (request, response, rotate) => {
  if (request.method === 'POST') {
    for (const [name, value] of Object.entries(await json(request))) {
      if (name === 'rotate') rotate(value);
      else orders[name](value);
    }
  }
  answer(response, { ...seen, spent: spent.ms });
};
