// The applications that may ask the provider.

const STEP_UP = 'pulse-console-step-up';
const DEVICE = 'urn:ietf:params:oauth:grant-type:device_code';

// A native application comes back on any port of the loopback address.
const native = {
  application_type: 'native',
  redirect_uris: ['http://127.0.0.1/callback', 'http://[::1]/callback'],
  response_types: ['code'],
  grant_types: ['authorization_code', 'refresh_token', DEVICE],
  token_endpoint_auth_method: 'none',
};

/** All of them. */
export const clients = [
  { ...native, client_id: 'pulse-console', client_name: 'PLANA Pulse console' },
  {
    ...native,
    client_id: STEP_UP,
    client_name: 'PLANA Pulse console, dangerous plans',
    grant_types: ['authorization_code', DEVICE],
    id_token_signed_response_alg: 'ES256',
  },
  { ...native, client_id: 'pulse-console-pss', id_token_signed_response_alg: 'PS256' },
  {
    ...native,
    client_id: 'pulse-console-basic',
    client_secret: 'a-secret/with signs:+',
    token_endpoint_auth_method: 'client_secret_basic',
  },
  {
    ...native,
    client_id: 'pulse-console-post',
    client_secret: 'another-secret',
    token_endpoint_auth_method: 'client_secret_post',
  },
];

/** Whether this application always asks for a code, of one who is signed in for nothing else. */
export const asksForCodeOnly = (client) => client === STEP_UP;
