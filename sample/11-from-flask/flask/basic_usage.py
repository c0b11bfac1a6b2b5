import os

from flask import Flask, jsonify, request
from flask_jwt_extended import JWTManager, create_access_token, get_jwt_identity, jwt_required

app = Flask(__name__)
app.config["JWT_SECRET_KEY"] = os.environ["JWT_SECRET"]
JWTManager(app)


@app.post("/login")
def login():
    credentials = request.get_json()
    if credentials != {"username": "alice", "password": "wonderland"}:
        return jsonify(msg="Bad username or password"), 401
    return jsonify(access_token=create_access_token(credentials["username"]))


@app.get("/protected")
@jwt_required()
def protected():
    return jsonify(logged_in_as=get_jwt_identity())
