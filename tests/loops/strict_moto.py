"""moto on a port of loopback, with IAM enforced and one user, whose access keys are changed by
lines of standard input; each is answered by a line of JSON in a file."""

import json
import os
import sys

# From the first call on, nobody may do what their key does not allow.
os.environ["INITIAL_NO_AUTH_ACTION_COUNT"] = "0"

from moto.core import DEFAULT_ACCOUNT_ID, exceptions
from moto.iam import access_control
from moto.iam.models import iam_backends
from moto.server import ThreadedMotoServer

port, answers = int(sys.argv[1]), sys.argv[2]
iam = iam_backends[DEFAULT_ACCOUNT_ID]["aws"]
USER = "deployer"


def keys():
    return {key.access_key_id: key for key in iam.users[USER].access_keys}


# moto knows an inactive key but accepts it, which AWS does not.
checked = access_control.IAMUserAccessKey.__init__


def check(self, account_id, partition, access_key_id, headers):
    known = keys().get(access_key_id)
    if known is not None and known.status != "Active":
        raise access_control.CreateAccessKeyFailure(reason="InvalidId")
    checked(self, account_id, partition, access_key_id, headers)


access_control.IAMUserAccessKey.__init__ = check

# Its errors stand one element deeper than those of the STS they play.
refused = exceptions._RESTError.__init__


def refuse(self, *arguments, **named):
    refused(self, *arguments, **named)
    self.description = self.description.replace("<Errors>", "").replace("</Errors>", "")


exceptions._RESTError.__init__ = refuse
server = ThreadedMotoServer(ip_address="127.0.0.1", port=port, verbose=False)
server.start()
iam.create_user("us-east-1", USER)

for line in sys.stdin:
    word, _, key = line.strip().partition(" ")
    answer = {}
    if word == "create":
        made = iam.create_access_key(USER)
        answer = {"id": made.access_key_id, "secret": made.secret_access_key}
    elif word == "delete":
        iam.delete_access_key(key, USER)
    else:
        keys()[key].status = word
    with open(answers, "a", encoding="utf-8") as file:
        file.write(json.dumps(answer) + "\n")
