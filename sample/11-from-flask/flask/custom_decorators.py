import os
from functools import wraps

from flask import Flask, jsonify, request
from flask_jwt_extended import JWTManager, create_access_token, get_jwt, verify_jwt_in_request

app = Flask(__name__)
app.config["JWT_SECRET_KEY"] = os.environ["JWT_SECRET"]
JWTManager(app)


def admin_required(view):
    @wraps(view)
    def checked(*args, **kwargs):
        verify_jwt_in_request()
        if get_jwt().get("is_administrator") is not True:
            return jsonify(msg="Admins only!"), 403
        return view(*args, **kwargs)

    return checked


@app.post("/login")
def login():
    username = request.get_json()["username"]
    claims = {"is_administrator": username == "alice"}
    return jsonify(access_token=create_access_token(username, additional_claims=claims))


@app.get("/protected")
@admin_required
def protected():
    return jsonify(foo="bar")
