#!/usr/bin/env python3
"""Holds every directive that the catalogue recommends against the server that it is for.

usage: directives.py PATH_OF_LOGCODES

Reads `logcodes explain --list -o json`, puts each fix's directives into the context that it names, and lets `nginx -t` and
`apache2 -t` judge. Directives that need a newer server than the installed one (`since`) are counted and left out.
"""
import glob
import json
import os
import re
import subprocess
import sys
import tempfile

UPSTREAMS = "upstream backend { server 127.0.0.1:1; } upstream app { server 127.0.0.1:1; }"
ZONES = """map $http_upgrade $connection_upgrade { default upgrade; "" close; }
limit_req_zone $binary_remote_addr zone=perip:1m rate=5r/s; limit_conn_zone $binary_remote_addr zone=addr:1m;
proxy_cache_path @TMP@/cache keys_zone=cache:1m;"""
NGINX = {
    "main": "@CONFIG@",
    "http": "events {} http {\n@CONFIG@\nserver { listen 127.0.0.1:9; } }",
    "server": f"events {{}} http {{ {UPSTREAMS}\nserver {{ listen 127.0.0.1:9;\n@CONFIG@\n}} }}",
    "location": f"events {{}} http {{ {UPSTREAMS} {ZONES}\nserver {{ listen 127.0.0.1:9; location /x/ {{\n@CONFIG@\n}} }} }}",
    "upstream": "events {} http { upstream u {\n@CONFIG@\n} server { listen 127.0.0.1:9; } }",
}
APACHE = {"server": "@CONFIG@", "directory": '<Directory "/var/www">\nAllowOverride All\n@CONFIG@\n</Directory>'}


def apache_modules():
    """LoadModule lines of all of Debian's modules, those that others need first."""
    available = "/etc/apache2/mods-available"
    names = sorted(os.path.basename(p)[:-5] for p in glob.glob(f"{available}/*.load"))
    order, lines = [], []

    def need(name):
        if name in order or name in ("mpm_prefork", "mpm_worker"):
            return
        text = open(f"{available}/{name}.load").read()
        for depends in re.findall(r"^# Depends:(.*)$", text, re.M):
            for other in depends.replace(",", " ").split():
                need(other)
        order.append(name)
        lines.extend(line.strip() for line in text.splitlines() if line.strip().startswith("LoadModule"))

    for name in ["mpm_event", *names]:
        need(name)
    return "\n".join(lines)


def refused(command):
    ran = subprocess.run(command, capture_output=True, text=True)
    return "" if ran.returncode == 0 else ran.stderr.strip()[-400:]


def check(fix, folder, modules):
    """What the server says against a fix; empty if it has nothing to say."""
    path = os.path.join(folder, "server.conf")
    if fix["server"] == "nginx":
        body = NGINX[fix["context"]].replace("@CONFIG@", fix["config"]).replace("@TMP@", folder)
        if fix["context"] == "main" and "events" not in fix["config"]:
            body += "\nevents {}"
        text = f"error_log /dev/null; pid {folder}/nginx.pid;\n{body}\n"
        command = ["nginx", "-t", "-q", "-c", path]
    else:
        head = f"ServerRoot /etc/apache2\nServerName x\nListen 127.0.0.1:9\nErrorLog /dev/null\nPidFile {folder}/apache.pid\n{modules}\n"
        text = head + APACHE[fix["context"]].replace("@CONFIG@", fix["config"]) + "\n"
        command = ["apache2", "-t", "-f", path]
    with open(path, "w") as file:
        file.write(text)
    return refused(command)


def main():
    entries = json.loads(subprocess.run([sys.argv[1], "explain", "--list", "-o", "json"], capture_output=True, check=True).stdout)
    modules, checked, newer, bad = apache_modules(), 0, 0, []
    with tempfile.TemporaryDirectory() as folder:
        for entry in entries:
            for fix in entry["fixes"]:
                if fix["config"] is None or fix["server"] not in ("nginx", "apache"):
                    continue
                if fix["since"] is not None:
                    newer += 1
                    continue
                checked += 1
                complaint = check(fix, folder, modules)
                if complaint:
                    bad.append(f"{entry['key']}: {fix['config']}\n    {complaint}")
    print("\n".join(bad))
    print(f"{checked} snippets checked, {newer} need a newer server, {len(bad)} refused")
    sys.exit(1 if bad or checked < 200 else 0)


if __name__ == "__main__":
    main()
