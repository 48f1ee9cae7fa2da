// The talk with a person who signs in: password, code, consent. One interaction of the provider is one step.

import * as pages from './pages.mjs';
import { byPassword, bySubject, isCode } from './people.mjs';
import { form, html } from './requests.mjs';
import { settings } from './settings.mjs';
import { asksForCodeOnly } from './clients.mjs';

/** Who has given the right password, by the interaction. */
const half = new Map();

/** Answers a request to `/interaction/…`. */
export const talk = async (provider, request, response) => {
  const details = await provider.interactionDetails(request, response);
  const given = request.method === 'POST' ? await form(request) : undefined;
  if (given?.get('cancel')) {
    return provider.interactionFinished(request, response, {
      error: 'access_denied',
      error_description: 'The person pressed Cancel.',
    });
  }
  const step = details.prompt.name === 'login' ? signIn : consent;
  return step({ provider, request, response, details, given, action: `/interaction/${details.uid}` });
};

const signIn = async (talk) => {
  const { details, given, action, response } = talk;
  const known = asksForCodeOnly(details.params.client_id) && bySubject(details.session?.accountId);
  const person = half.get(details.uid) ?? known;
  if (person) {
    if (given?.has('code')) {
      return isCode(given.get('code').trim())
        ? finish(talk, person)
        : html(response, pages.code(action, person, 'That is not what it shows.'));
    }
    return html(response, pages.code(action, person));
  }
  if (!given) return html(response, pages.password(action));
  const found = byPassword(given.get('user') ?? '', given.get('password') ?? '');
  if (!found) return html(response, pages.password(action, 'The user or the password is wrong.'));
  half.set(details.uid, found);
  return html(response, pages.code(action, found));
};

const finish = ({ provider, request, response, details }, person) => {
  half.delete(details.uid);
  const { amr, acr, age } = settings.next;
  return provider.interactionFinished(request, response, {
    login: { accountId: person.subject, amr, acr, ts: Math.floor(Date.now() / 1000) - age, remember: true },
  });
};

const consent = async ({ provider, request, response, details, given, action }) => {
  const { client_id: client, scope } = details.params;
  if (!given) return html(response, pages.consent(action, client, scope));
  const grant = new provider.Grant({ accountId: details.session.accountId, clientId: client });
  grant.addOIDCScope(scope);
  return provider.interactionFinished(request, response, { consent: { grantId: await grant.save() } });
};
