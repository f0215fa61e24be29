// An OpenID provider with one client, whose secret is the last line of standard input.
import { createInterface } from 'node:readline';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const [port, modules] = process.argv.slice(2);
const found = createRequire(`${modules}/`).resolve('oidc-provider');
const { Provider } = await import(pathToFileURL(found));

let secret = '';
const kept = new Map();

class Store {
  constructor(kind) {
    this.kind = kind;
  }

  async find(id) {
    if (this.kind !== 'Client') return kept.get(`${this.kind}:${id}`);
    return {
      client_id: id,
      client_secret: secret,
      grant_types: ['client_credentials'],
      redirect_uris: [],
      response_types: [],
    };
  }

  async upsert(id, payload) {
    kept.set(`${this.kind}:${id}`, payload);
  }
}

const provider = new Provider(`http://127.0.0.1:${port}`, {
  adapter: Store,
  features: { clientCredentials: { enabled: true }, devInteractions: { enabled: false } },
});
provider.listen(Number(port), '127.0.0.1');
for await (const line of createInterface({ input: process.stdin })) secret = line.trim();
