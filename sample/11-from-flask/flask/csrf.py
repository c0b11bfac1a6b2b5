import os

from flask import Flask, jsonify
from flask_jwt_extended import (
    JWTManager,
    create_access_token,
    create_refresh_token,
    get_csrf_token,
    get_jwt_identity,
    jwt_required,
    set_access_cookies,
    set_refresh_cookies,
)

app = Flask(__name__)
app.config["JWT_SECRET_KEY"] = os.environ["JWT_SECRET"]
app.config["JWT_TOKEN_LOCATION"] = ["cookies"]
app.config["JWT_COOKIE_SECURE"] = True
app.config["JWT_ACCESS_COOKIE_PATH"] = "/api"
app.config["JWT_REFRESH_COOKIE_PATH"] = "/token/refresh"
app.config["JWT_CSRF_IN_COOKIES"] = False
app.config["JWT_CSRF_CHECK_FORM"] = True
JWTManager(app)


@app.post("/token/auth")
def login():
    access, refresh = create_access_token("alice"), create_refresh_token("alice")
    response = jsonify(access_csrf=get_csrf_token(access), refresh_csrf=get_csrf_token(refresh))
    set_access_cookies(response, access)
    set_refresh_cookies(response, refresh)
    return response


@app.post("/token/refresh")
@jwt_required(refresh=True)
def refresh():
    access = create_access_token(get_jwt_identity())
    response = jsonify(access_csrf=get_csrf_token(access))
    set_access_cookies(response, access)
    return response


@app.get("/api/example")
@jwt_required()
def show():
    return jsonify(hello=get_jwt_identity())


@app.post("/api/example")
@jwt_required()
def change():
    return jsonify(changed_by=get_jwt_identity())
