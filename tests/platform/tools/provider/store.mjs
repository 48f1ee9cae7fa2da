// What the provider keeps: in memory, for all of its lives in this process, and open to being ended from outside.

const kept = new Map();
const expired = ({ until }) => until !== undefined && until <= Date.now();

/** Forgets what matches; `match` is given the kind and what is kept. */
export const forget = (match) => {
  for (const [key, { kind, payload }] of kept) {
    if (match(kind, payload)) kept.delete(key);
  }
};

/** The storage of one kind, as oidc-provider asks for it. */
export class Store {
  constructor(kind) {
    this.kind = kind;
  }

  async upsert(id, payload, seconds) {
    const until = seconds === undefined ? undefined : Date.now() + seconds * 1000;
    kept.set(`${this.kind}:${id}`, { kind: this.kind, payload, until });
  }

  async find(id) {
    const found = kept.get(`${this.kind}:${id}`);
    return found && !expired(found) ? found.payload : undefined;
  }

  async findBy(name, value) {
    return [...kept.values()].find((each) => each.kind === this.kind && each.payload[name] === value && !expired(each))
      ?.payload;
  }

  findByUid(uid) {
    return this.findBy('uid', uid);
  }

  findByUserCode(code) {
    return this.findBy('userCode', code);
  }

  async consume(id) {
    kept.get(`${this.kind}:${id}`).payload.consumed = Math.floor(Date.now() / 1000);
  }

  async destroy(id) {
    kept.delete(`${this.kind}:${id}`);
  }

  async revokeByGrantId(grant) {
    forget((_, payload) => payload.grantId === grant);
  }
}
