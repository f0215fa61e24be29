// A certified OpenID provider over TLS, with one client and accounts whose groups their name tells.
import { createRequire } from 'node:module';
import { createServer } from 'node:https';
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const { port, modules, key, cert, back, secret } = JSON.parse(process.env.PROVIDER);
const found = createRequire(`${modules}/`).resolve('oidc-provider');
const { Provider } = await import(pathToFileURL(found));

const issuer = `https://127.0.0.1:${port}`;
const client = {
  client_id: 'quietus',
  client_secret: secret,
  grant_types: ['authorization_code'],
  response_types: ['code'],
  redirect_uris: [back],
};
const provider = new Provider(issuer, {
  clients: [client],
  claims: { openid: ['sub'], email: ['email', 'email_verified'], groups: ['groups'] },
  scopes: ['openid', 'email', 'groups'],
  pkce: { required: () => true },
  features: { devInteractions: { enabled: true } },
  cookies: { keys: [secret] },
  async findAccount(context, id) {
    const claims = () => ({
      sub: id,
      email: `${id}@example.org`,
      email_verified: id !== 'mallory',
      groups: [`${id}s`],
    });
    return { accountId: id, claims };
  },
});
const tls = { key: readFileSync(key), cert: readFileSync(cert) };
createServer(tls, provider.callback()).listen(port, '127.0.0.1', () => console.log('ready'));
