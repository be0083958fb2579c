"""A server's address: what of it is called, what may be shown."""

import base64
import re
from dataclasses import dataclass
from urllib.parse import SplitResult, quote, unquote, urlsplit

from lastly.errors import InvalidRequestError

_USER_INFO = re.compile(r"//[^/?#\s]*@")


@dataclass(frozen=True)
class ServerUrl:
    """An http or https URL, maybe with user, password and a path; raises InvalidRequestError for anything else."""

    parts: SplitResult

    @classmethod
    def parse(cls, url: str) -> "ServerUrl":
        """Return the URL taken apart. The error doesn't repeat it: there may be a password in it."""
        try:
            parts = urlsplit(url)
            # Reading the port raises for one that is no number; a bracket that is not closed raises in urlsplit.
            valid = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        except ValueError:
            valid = False
        if not valid:
            raise InvalidRequestError("a server is named by its URL, such as http://127.0.0.1:9200")
        return cls(parts)

    def with_user(self, user: str, password: str) -> str:
        """Return the URL with this user and password in the place of its own."""
        at = f"{quote(user, safe='')}:{quote(password, safe='')}@{self.parts.netloc.rpartition('@')[2]}"
        return self.parts._replace(netloc=at).geturl()

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.parts.scheme}://{host}{f':{self.parts.port}' if self.parts.port else ''}"

    @property
    def path(self) -> str:
        """What stands before every path of the server, without a slash at its end."""
        return self.parts.path.rstrip("/")

    @property
    def shown(self) -> str:
        """The URL without user and password."""
        return self.origin + self.path

    @property
    def host(self) -> str:
        """Name or address of the host, without the brackets of IPv6."""
        return str(self.parts.hostname)

    @property
    def port(self) -> int:
        """The port, the scheme's own where the URL names none."""
        return self.parts.port or (443 if self.secure else 80)

    @property
    def secure(self) -> bool:
        """Whether TLS is spoken."""
        return self.parts.scheme == "https"

    @property
    def basic_authorization(self) -> str | None:
        """The Authorization header of the URL's user and password (RFC 7617, UTF-8); None where it has none."""
        if not self.parts.username:
            return None
        pair = f"{unquote(self.parts.username)}:{unquote(self.parts.password or '')}"
        return f"Basic {base64.b64encode(pair.encode()).decode()}"


def without_user_info(text: str) -> str:
    """Return a text with user and password taken out of the URLs in it, whether or not they are valid."""
    return _USER_INFO.sub("//", text)
