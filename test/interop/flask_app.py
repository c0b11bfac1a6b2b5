"""A Flask application as its users write it, without any code of this library.

Flask reads its configuration from the environment: FLASK_JWT_SECRET_KEY is JWT_SECRET_KEY.
"""

from datetime import timedelta

from flask import Flask, jsonify, request
from flask_jwt_extended import (
    JWTManager,
    create_access_token,
    create_refresh_token,
    get_jwt,
    get_jwt_identity,
    jwt_required,
    set_access_cookies,
    set_refresh_cookies,
    unset_jwt_cookies,
)

app = Flask(__name__)
app.config.from_prefixed_env()
JWTManager(app)


def seconds(value):
    """Turns a number of seconds into a timedelta, and returns any other value unchanged."""
    is_span = isinstance(value, int) and not isinstance(value, bool)
    return timedelta(seconds=value) if is_span else value


@app.post("/tokens/access")
def mint_access_token():
    wanted = request.get_json()
    token = create_access_token(
        wanted["identity"],
        fresh=seconds(wanted.get("fresh", False)),
        expires_delta=seconds(wanted.get("expires_in")),
        additional_claims=wanted.get("claims"),
    )
    return jsonify(token=token)


@app.post("/tokens/refresh")
def mint_refresh_token():
    wanted = request.get_json()
    token = create_refresh_token(
        wanted["identity"],
        expires_delta=seconds(wanted.get("expires_in")),
        additional_claims=wanted.get("claims"),
    )
    return jsonify(token=token)


@app.post("/cookies")
def set_cookies():
    identity = request.get_json()["identity"]
    response = jsonify(login=True)
    set_access_cookies(response, create_access_token(identity))
    set_refresh_cookies(response, create_refresh_token(identity))
    return response


@app.delete("/cookies")
def unset_cookies():
    response = jsonify(logout=True)
    unset_jwt_cookies(response)
    return response


@app.route("/access", methods=["GET", "POST"])
@jwt_required()
def access():
    return seen()


@app.get("/fresh")
@jwt_required(fresh=True)
def fresh():
    return seen()


@app.get("/optional")
@jwt_required(optional=True)
def optional():
    return seen()


@app.post("/refresh")
@jwt_required(refresh=True)
def refresh():
    return seen()


def seen():
    return jsonify(identity=get_jwt_identity(), claims=get_jwt())
