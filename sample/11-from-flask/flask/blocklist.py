import os
import sqlite3

from flask import Flask, jsonify
from flask_jwt_extended import (
    JWTManager,
    create_access_token,
    create_refresh_token,
    get_jwt,
    jwt_required,
)

app = Flask(__name__)
app.config["JWT_SECRET_KEY"] = os.environ["JWT_SECRET"]
jwt = JWTManager(app)

database = sqlite3.connect(":memory:", check_same_thread=False)
database.execute("CREATE TABLE revoked (jti TEXT PRIMARY KEY, type TEXT, username TEXT)")


@jwt.token_in_blocklist_loader
def is_token_revoked(_header, claims):
    found = database.execute("SELECT 1 FROM revoked WHERE jti = ?", [claims["jti"]])
    return found.fetchone() is not None


@app.post("/login")
def login():
    return jsonify(
        access_token=create_access_token("alice"),
        refresh_token=create_refresh_token("alice"),
    )


@app.delete("/logout")
@jwt_required(verify_type=False)
def logout():
    claims = get_jwt()
    row = [claims["jti"], claims["type"], claims["sub"]]
    database.execute("INSERT INTO revoked VALUES (?, ?, ?)", row)
    return jsonify(msg=f"{claims['type'].capitalize()} token revoked")


@app.get("/protected")
@jwt_required()
def protected():
    return jsonify(hello="world")


@app.post("/refresh")
@jwt_required(refresh=True)
def refresh():
    return jsonify(access_token=create_access_token("alice"))
