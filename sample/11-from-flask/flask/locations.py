import os

from flask import Flask, jsonify
from flask_jwt_extended import (
    JWTManager,
    create_access_token,
    jwt_required,
    set_access_cookies,
    unset_jwt_cookies,
)

app = Flask(__name__)
app.config["JWT_SECRET_KEY"] = os.environ["JWT_SECRET"]
app.config["JWT_TOKEN_LOCATION"] = ["headers", "cookies", "json", "query_string"]
app.config["JWT_COOKIE_SECURE"] = True
JWTManager(app)


@app.post("/login_without_cookies")
def login_without_cookies():
    return jsonify(access_token=create_access_token("alice"))


@app.post("/login_with_cookies")
def login_with_cookies():
    response = jsonify(msg="login successful")
    set_access_cookies(response, create_access_token("alice"))
    return response


@app.post("/logout_with_cookies")
def logout_with_cookies():
    response = jsonify(msg="logout successful")
    unset_jwt_cookies(response)
    return response


@app.route("/protected", methods=["GET", "POST"])
@jwt_required()
def protected():
    return jsonify(foo="bar")


@app.get("/only_headers")
@jwt_required(locations=["headers"])
def only_headers():
    return jsonify(foo="baz")
