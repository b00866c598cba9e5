#!/usr/bin/env bash
# sign-macos.sh <program>: signs a macOS program with a Developer ID and has Apple notarize it. Runs on macOS only.
# Environment: CERTIFICATE (a .p12 in base64), CERTIFICATE_PASSWORD, and for the notary API_KEY (a .p8 in base64), API_KEY_ID, API_ISSUER.
# A bare program cannot carry Apple's ticket: Gatekeeper asks Apple for it at the first start.
set -euo pipefail
program=$1
work=$(mktemp -d)
keychain="$work/natsjob.keychain-db"
keychain_password=$(openssl rand -hex 16)
trap 'security delete-keychain "$keychain" 2>/dev/null || true; rm -rf "$work"' EXIT

base64 --decode <<<"$CERTIFICATE" >"$work/certificate.p12"
security create-keychain -p "$keychain_password" "$keychain"
security set-keychain-settings -lut 3600 "$keychain"
security unlock-keychain -p "$keychain_password" "$keychain"
security import "$work/certificate.p12" -k "$keychain" -P "$CERTIFICATE_PASSWORD" -T /usr/bin/codesign
security set-key-partition-list -S apple-tool:,apple: -s -k "$keychain_password" "$keychain" >/dev/null
identity=$(security find-identity -v -p codesigning "$keychain" | awk '/Developer ID Application/ { print $2; exit }')
[ -n "$identity" ] || { echo "CERTIFICATE holds no Developer ID Application" >&2; exit 1; }

codesign --force --timestamp --options runtime --keychain "$keychain" \
  --entitlements "$(dirname "$0")/headless.entitlements.plist" --sign "$identity" "$program"

base64 --decode <<<"$API_KEY" >"$work/key.p8"
ditto -c -k "$program" "$work/program.zip"
xcrun notarytool submit "$work/program.zip" --key "$work/key.p8" --key-id "$API_KEY_ID" --issuer "$API_ISSUER" --wait
