#!/usr/bin/env bash
# Fetches the OHIF viewer (https://ohif.org, MIT license) and lays it where the server finds it, compressed:
#
#   scripts/viewer.sh [FOLDER]      default: build/viewer, beside the program
#
# One package, pinned, without what it depends on: its ready build. That is made to lie at the root of a
# site; here its paths are moved below /viewer/. Left out: source maps, the service worker, and the
# runtime of neural networks, whose models would come from the internet.
set -euo pipefail
cd "$(dirname "$0")/.."
version=3.13.2
sha512=5997719a9986eeba85816f5924b71b82bdd70ad2e2d4a0cd3e831a798e4f3deea3e06e1f8c48e393271933a0ba664d85f3b04ac457e9abe8dde715d907d13c10
folder=${1:-build/viewer}
[[ $(cat "$folder/VERSION" 2>/dev/null || true) == "$version $(cksum <scripts/viewer.sh)" ]] && exit 0

echo "Fetching the OHIF viewer $version (50 MB)"
mkdir -p "$(dirname "$folder")"
work=$(mktemp -d "$folder.XXXXXX")
trap 'rm -rf "$work"' EXIT
npm pack "@ohif/app@$version" --pack-destination "$work" --silent --loglevel=error >/dev/null
sha512sum --check --status <<<"$sha512  $work/ohif-app-$version.tgz" || {
  echo "The package @ohif/app $version is not the one that was looked at: its checksum differs." >&2
  exit 1
}
tar -xzf "$work/ohif-app-$version.tgz" -C "$work" package/dist package/LICENSE
site=$work/package/dist
mv "$work/package/LICENSE" "$site/LICENSE.txt"
rm -rf "$site"/{ort,_headers,_redirects,serve.json,sw.js,init-service-worker.js,app-config.js,manifest.json,google.js,silent-refresh.html}
find "$site" \( -name '*.map' -o -name 'apple-touch-*' \) -delete

# Scripts of the page itself are what our content security policy does not let run: app-config.js, which
# the server writes, says what they said.
sed -Ei -e 's|<script>[^<]*</script>||g; s|<script[^>]*init-service-worker[^>]*></script>||g' \
  -e 's|<link rel="(manifest\|apple-touch\|yandex)[^>]*>||g; s|<meta name="msapplication[^>]*>||g; s|((href\|src)=")/|\1/viewer/|g' "$site/index.html"
sed -Ei 's|url\(/|url(/viewer/|g' "$site"/*.css
sed -Ei -e 's|__webpack_require__\.p = "/"|__webpack_require__.p = "/viewer/"|' \
  -e "s|'/dicom-microscopy-viewer/|'/viewer/dicom-microscopy-viewer/|" "$site"/*.js
for name in app.bundle compute.bundle; do
  grep -q '__webpack_require__.p = "/viewer/"' "$site/$name".*.js || {
    echo "$name of @ohif/app $version does not say where it lies as expected." >&2
    exit 1
  }
done

find "$site" -type f ! -name VERSION -print0 | xargs -0 -P "$(nproc)" -n 16 gzip -9 --no-name
echo "$version $(cksum <scripts/viewer.sh)" >"$site/VERSION"
rm -rf "$folder"
mv "$site" "$folder"
