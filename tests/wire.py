"""Signed requests as they are, many over one connection: for tests that walk through tables of them."""

import json

import requests


class Wire:
    """What one user sends in one Region."""

    def __init__(self, user, region=None):
        self.user, self.region = user, region
        self.session = requests.Session()
        self.session.trust_env = False  # else a bundle of the environment counts in the place of the next line
        self.session.verify = str(user.server.ca)

    def call(self, operation, members):
        """(None, the answer) or (the error's code, its message) of an operation of KMS, or of a whole target with a dot."""
        data = json.dumps(members).encode()
        headers = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": operation if "." in operation else f"TrentService.{operation}"}
        headers = self.user.sign(data, headers, region=self.region)
        answer = self.session.post(self.user.server.url + "/", data=data, headers=headers, timeout=60)
        content = answer.json() if answer.content else {}
        if answer.status_code == 200:
            return None, content
        return content["__type"], content.get("message", content.get("Message", ""))
