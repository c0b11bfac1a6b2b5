import os
from dataclasses import asdict, dataclass

from flask import Flask, jsonify, request
from flask_jwt_extended import JWTManager, create_access_token, current_user, jwt_required

app = Flask(__name__)
app.config["JWT_SECRET_KEY"] = os.environ["JWT_SECRET"]
jwt = JWTManager(app)


@dataclass
class User:
    id: str
    username: str
    full_name: str


USERS = [User("1", "alice", "Alice Liddell"), User("2", "bob", "Bob Sawyer")]


@jwt.user_identity_loader
def user_identity(user):
    return user.id


@jwt.user_lookup_loader
def user_lookup(_header, claims):
    return next((user for user in USERS if user.id == claims["sub"]), None)


@app.post("/login")
def login():
    username = request.get_json()["username"]
    user = next((user for user in USERS if user.username == username), None)
    if user is None:
        return jsonify(msg="Bad username or password"), 401
    return jsonify(access_token=create_access_token(user))


@app.get("/who_am_i")
@jwt_required()
def who_am_i():
    return jsonify(asdict(current_user._get_current_object()))
