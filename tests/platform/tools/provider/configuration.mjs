// How oidc-provider is set up.

import { clients, asksForCodeOnly } from './clients.mjs';
import * as pages from './pages.mjs';
import { bySubject, claims } from './people.mjs';
import { settings } from './settings.mjs';
import { Store } from './store.mjs';

const DAY = 24 * 60 * 60;

// The second application asks for a factor each time, whoever is signed in.
const policy = ({ base, Check }) => {
  const all = base();
  const asked = new Check('always_asks', 'a factor is asked for each time', 'login_required', ({ oidc }) =>
    asksForCodeOnly(oidc.client.clientId) && !oidc.result?.login ? Check.REQUEST_PROMPT : Check.NO_NEED_TO_PROMPT,
  );
  all.get('login').checks.add(asked);
  return all;
};

const features = {
  devInteractions: { enabled: false },
  introspection: { enabled: true },
  revocation: { enabled: true },
  deviceFlow: {
    enabled: true,
    userCodeInputSource: (ctx, form, _, error) => {
      ctx.body = pages.deviceCode(form, error && 'There is no such code, or it is used or too old.');
    },
    userCodeConfirmSource: (ctx, form, _, __, code) => {
      ctx.body = pages.deviceConfirm(form, code);
    },
    successSource: (ctx) => {
      ctx.body = pages.done('Your device is signed in');
    },
  },
  rpInitiatedLogout: {
    enabled: true,
    logoutSource: (ctx, form) => {
      ctx.body = pages.signOut(form);
    },
    postLogoutSuccessSource: (ctx) => {
      ctx.body = pages.done('You are signed out');
    },
  },
};

/** The configuration of a provider that signs with `keys`; `policies` is oidc-provider's `interactionPolicy`. */
export const configuration = (keys, policies) => ({
  adapter: Store,
  clients,
  cookies: { keys: ['no secret: it signs cookies of tests'] },
  jwks: { keys },
  enabledJWA: { idTokenSigningAlgValues: ['RS256', 'PS256', 'ES256'] },
  claims: {
    openid: ['sub', 'auth_time', 'acr', 'amr', 'sid'],
    profile: ['name', 'preferred_username', 'groups'],
    email: ['email'],
  },
  // Without this the ID token has nothing but `sub`, and everything else is at the user info endpoint.
  conformIdTokenClaims: false,
  features,
  findAccount: (_, subject) => {
    const person = bySubject(subject);
    return person && { accountId: subject, claims: () => claims(person) };
  },
  interactions: { policy: policy(policies), url: (_, { uid }) => `/interaction/${uid}` },
  pkce: { required: () => true },
  // As Authentik, and unlike the standard: for who asks for it, without asking the person each time.
  issueRefreshToken: (_, client) => client.grantTypeAllowed('refresh_token'),
  rotateRefreshToken: true,
  renderError: (ctx, out) => {
    ctx.type = 'html';
    ctx.body = pages.failed(`${out.error}: ${out.error_description ?? ''}`);
  },
  ttl: {
    AccessToken: () => settings.lifetime,
    IdToken: () => settings.lifetime,
    AuthorizationCode: 60,
    DeviceCode: () => settings.device.lifetime,
    RefreshToken: DAY,
    Session: DAY,
    Grant: DAY,
    Interaction: 3600,
  },
});
