import os

from flask import Flask, jsonify
from flask_jwt_extended import JWTManager, jwt_required

app = Flask(__name__)
app.config["JWT_SECRET_KEY"] = os.environ["JWT_SECRET"]
jwt = JWTManager(app)


@jwt.expired_token_loader
def expired_token(_header, claims):
    return jsonify(code="expired", who=claims["sub"]), 401


@jwt.invalid_token_loader
def invalid_token(reason):
    return jsonify(code="invalid", why=reason), 400


@jwt.unauthorized_loader
def unauthorized(reason):
    return jsonify(code="unauthorized", why=reason), 403


@jwt.needs_fresh_token_loader
def needs_fresh_token(_header, claims):
    return jsonify(code="stale", who=claims["sub"]), 418


@jwt.revoked_token_loader
def revoked_token(_header, claims):
    return jsonify(code="revoked", which=claims["jti"]), 410


@jwt.user_lookup_error_loader
def user_lookup_error(_header, claims):
    return jsonify(code="unknown", who=claims["sub"]), 404


@jwt.token_verification_failed_loader
def token_verification_failed(_header, claims):
    return jsonify(code="closed", which=claims["tenant"]), 409


@jwt.token_in_blocklist_loader
def is_token_revoked(_header, claims):
    return claims["jti"] == "stolen"


@jwt.token_verification_loader
def token_verification(_header, claims):
    return claims.get("tenant") != "bankrupt"


@jwt.user_lookup_loader
def user_lookup(_header, claims):
    return {"username": "alice"} if claims["sub"] == "alice" else None


@app.get("/protected")
@jwt_required()
def protected():
    return jsonify(hello="world")


@app.get("/protected-fresh")
@jwt_required(fresh=True)
def protected_fresh():
    return jsonify(hello="world")
