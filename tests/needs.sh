#!/bin/sh
# What the tests need beside Python packages: Chromium with its driver, and redis-server. Installs what is
# missing where that is possible without asking, else says what to install.
set -u

have() { command -v "$1" >/dev/null 2>&1; }
have_browser() {
    have chromium || have chromium-browser || have google-chrome || have google-chrome-stable ||
        [ -d "/Applications/Google Chrome.app" ] || [ -d "/Applications/Chromium.app" ]
}

debian=""
brew=""
lack() { debian="$debian $1"; brew="$brew $2"; }
check() {
    debian=""
    brew=""
    have_browser || lack "chromium fonts-liberation" "--cask chromium"
    have chromedriver || lack chromium-driver chromedriver
    have redis-server || lack redis-server redis
}

check
[ -z "$debian" ] && exit 0

as_root=""
if [ "$(id -u)" -ne 0 ]; then
    as_root="sudo -n"
    { have sudo && sudo -n true 2>/dev/null; } || as_root="no"
fi
if have apt-get && [ "$as_root" != "no" ]; then
    echo "  installing from the distribution:$debian"
    log=$(mktemp)
    # shellcheck disable=SC2086
    if ! { $as_root apt-get update -qq &&
        $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $debian; } >"$log" 2>&1; then
        tail -n 5 "$log" >&2
    fi
    rm -f "$log"
    check
    [ -z "$debian" ] && exit 0
fi

echo "fixer-metrics: the tests need programs that are missing here. Install them and run this again:" >&2
if have apt-get; then
    echo "    sudo apt-get install$debian" >&2
elif have brew; then
    echo "    brew install$brew" >&2
else
    echo "    Chromium (or Google Chrome), chromedriver and redis-server, from your system's packages" >&2
fi
exit 1
