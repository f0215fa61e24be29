"""A mail server that wants TLS and AUTH. Lines of standard input set passwords: `ACCOUNT PASSWORD`."""

import ssl
import sys

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult

port, certificate, key = sys.argv[1:4]
passwords = {}
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate, key)


def authenticate(server, session, envelope, mechanism, data):
    known = passwords.get(data.login)
    if known == b"busy":
        return AuthResult(success=False, handled=False, message="454 4.7.0 Temporary failure")
    # Not handled: the library then says what RFC 4954 has it say.
    return AuthResult(success=known is not None and known == data.password, handled=False)


class Sink:
    async def handle_DATA(self, server, session, envelope):
        print("mail came")
        return "250 taken"


class Server(Controller):
    def factory(self):
        return SMTP(
            self.handler,
            authenticator=authenticate,
            auth_required=True,
            require_starttls=True,
            tls_context=context,
            hostname="mail.fixture.invalid",
        )


Server(Sink(), hostname="127.0.0.1", port=int(port)).start()
for line in sys.stdin:
    account, password = line.split()
    passwords[account.encode()] = password.encode()
    print("set", account, flush=True)
