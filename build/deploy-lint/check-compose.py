"""check-compose.py FILE …: each against the Compose specification, with every name it uses defined. Exit code 1 on a mistake."""
import json
import re
import sys

import compose_spec
import yaml

failed = False
for file in sys.argv[1:]:
    with open(file, encoding="utf-8") as source:
        text = source.read()
    # As Compose would: defaults filled in, anchors resolved. The library refuses a tag beside a digest, which Compose allows.
    text = re.sub(r"\$\{[A-Z_]+:-([^}]*)\}", r"\1", text)
    text = re.sub(r"@sha256:[0-9a-f]{64}", "", text)
    try:
        compose = compose_spec.PyCompose.from_json(json.dumps(yaml.safe_load(text)))
        compose.validate()
        for part in ("configs", "networks", "secrets", "volumes"):
            getattr(compose, f"validate_{part}")()
    except (ValueError, TypeError, yaml.YAMLError) as error:
        print(f"{file}: {error}")
        failed = True
sys.exit(1 if failed else 0)
