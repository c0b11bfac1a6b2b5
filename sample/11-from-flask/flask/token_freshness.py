import os
from datetime import timedelta

from flask import Flask, jsonify
from flask_jwt_extended import (
    JWTManager,
    create_access_token,
    create_refresh_token,
    get_jwt_identity,
    jwt_required,
)

app = Flask(__name__)
app.config["JWT_SECRET_KEY"] = os.environ["JWT_SECRET"]
JWTManager(app)


@app.post("/login")
def login():
    return jsonify(
        access_token=create_access_token("alice", fresh=True),
        refresh_token=create_refresh_token("alice"),
    )


@app.post("/fresh-login")
def fresh_login():
    return jsonify(access_token=create_access_token("alice", fresh=timedelta(minutes=10)))


@app.post("/refresh")
@jwt_required(refresh=True)
def refresh():
    return jsonify(access_token=create_access_token(get_jwt_identity(), fresh=False))


@app.get("/protected")
@jwt_required(fresh=True)
def protected():
    return jsonify(foo="bar")
