// Google's token endpoint as its documentation has it: it verifies who signed an assertion by the public
// keys of one service account, with OpenSSL as Node has it. Lines of standard input add and delete keys:
// `add ID FILE`, `delete ID`.
import { createPublicKey, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';

const [port, audience, account] = process.argv.slice(2);
const keys = new Map();
const grant = 'urn:ietf:params:oauth:grant-type:jwt-bearer';

function refused(error, description) {
  return [400, { error, error_description: description }];
}

function answered(form) {
  if (form.get('grant_type') !== grant) return refused('unsupported_grant_type', 'Invalid grant_type');
  const parts = (form.get('assertion') ?? '').split('.');
  if (parts.length !== 3) return refused('invalid_grant', 'Bad Request');
  const json = (part) => JSON.parse(Buffer.from(part, 'base64url'));
  const [header, claims] = [json(parts[0]), json(parts[1])];
  if (claims.aud !== audience) return refused('invalid_grant', 'Invalid JWT: Failed audience check.');
  if (claims.iss !== account) return refused('invalid_grant', 'Invalid grant: account not found');
  const key = keys.get(header.kid);
  const signed = Buffer.from(`${parts[0]}.${parts[1]}`);
  const signature = Buffer.from(parts[2], 'base64url');
  if (header.alg !== 'RS256' || !key || !verify('RSA-SHA256', signed, key, signature)) {
    return refused('invalid_grant', 'Invalid JWT Signature.');
  }
  if (claims.exp - claims.iat > 3600 || !claims.scope) return refused('invalid_scope', 'Bad Request');
  return [200, { access_token: 'made-for-a-test', expires_in: 3599, token_type: 'Bearer' }];
}

const server = createServer((request, response) => {
  let body = '';
  request.on('data', (chunk) => { body += chunk; });
  request.on('end', () => {
    const asked = request.method === 'POST' && request.url === '/token';
    const [status, said] = asked ? answered(new URLSearchParams(body)) : [404, {}];
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(said));
  });
});
server.listen(Number(port), '127.0.0.1');

for await (const line of createInterface({ input: process.stdin })) {
  const [verb, id, file] = line.trim().split(' ');
  if (verb === 'add') keys.set(id, createPublicKey(readFileSync(file)));
  else keys.delete(id);
  console.log(`${verb} ${id}: ${keys.size}`);
}
