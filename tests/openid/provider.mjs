// A certified OpenID Connect provider with one client, and an account for every name that somebody types.
//
//   node provider.mjs PORT REDIRECT_URI
//
// The account "ada" has the verified address ada@staff.example.org, "eve-unverified" one that nobody has
// verified: the part before "-" is the address, the rest the wish.
import { Provider } from 'oidc-provider';

const [port, redirect] = process.argv.slice(2);
const issuer = `http://127.0.0.1:${port}`;

const provider = new Provider(issuer, {
  clients: [{
    client_id: 'tandem',
    client_secret: 'a-secret-of-the-tests-0123456789',
    redirect_uris: [redirect],
    response_types: ['code'],
    grant_types: ['authorization_code'],
  }],
  claims: { openid: ['sub'], email: ['email', 'email_verified'] },
  // what the scope "email" asks for comes from the userinfo endpoint, as the specification has it
  conformIdTokenClaims: true,
  pkce: { required: () => true },
  features: { devInteractions: { enabled: true } },
  findAccount: (_, sub) => ({
    accountId: sub,
    claims: () => ({
      sub,
      email: `${sub.split('-')[0]}@staff.example.org`,
      email_verified: !sub.endsWith('-unverified'),
    }),
  }),
});

provider.listen(Number(port), '127.0.0.1', () => console.log('ready'));
