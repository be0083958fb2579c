"""Addresses to listen on: names, IPv4 and IPv6."""

import socket
from ipaddress import IPv6Address, ip_address


def is_address(name: str) -> bool:
    """Return whether a host is an IP address and no name."""
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def is_loopback(host: str) -> bool:
    """Return whether only this machine reaches an address that is listened on."""
    return ip_address(host).is_loopback if is_address(host) else host == "localhost"


def listening_socket(host: str, port: int, backlog: int) -> socket.socket:
    """Return a socket that listens; on `::` it takes IPv4 too, where the system can. Raises OSError."""
    if not _is_ipv6(host):
        return socket.create_server((host, port), backlog=backlog)
    both = host == "::" and socket.has_dualstack_ipv6()
    return socket.create_server((host, port), family=socket.AF_INET6, backlog=backlog, dualstack_ipv6=both)


def shown(host: str, port: int) -> str:
    """Return host and port as a URL has them."""
    return f"[{host}]:{port}" if _is_ipv6(host) else f"{host}:{port}"


def _is_ipv6(host: str) -> bool:
    return is_address(host) and isinstance(ip_address(host), IPv6Address)
