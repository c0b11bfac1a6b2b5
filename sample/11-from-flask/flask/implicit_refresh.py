import os
from datetime import datetime, timedelta, timezone

from flask import Flask, jsonify
from flask_jwt_extended import (
    JWTManager,
    create_access_token,
    get_jwt,
    jwt_required,
    set_access_cookies,
    unset_jwt_cookies,
)

app = Flask(__name__)
app.config["JWT_SECRET_KEY"] = os.environ["JWT_SECRET"]
app.config["JWT_TOKEN_LOCATION"] = ["cookies"]
app.config["JWT_COOKIE_SECURE"] = True
app.config["JWT_ACCESS_TOKEN_EXPIRES"] = timedelta(hours=1)
JWTManager(app)


@app.after_request
def renew_the_cookie(response):
    try:
        claims = get_jwt()
    except RuntimeError:  # The route is not protected.
        return response
    soon = datetime.now(timezone.utc) + timedelta(minutes=30)
    if claims and claims["exp"] < soon.timestamp():
        set_access_cookies(response, create_access_token(claims["sub"]))
    return response


@app.post("/login")
def login():
    response = jsonify(msg="login successful")
    set_access_cookies(response, create_access_token("alice"))
    return response


@app.post("/logout")
def logout():
    response = jsonify(msg="logout successful")
    unset_jwt_cookies(response)
    return response


@app.get("/protected")
@jwt_required()
def protected():
    return jsonify(foo="bar")
