import os

from flask import Flask, jsonify
from flask_jwt_extended import JWTManager, create_access_token, get_jwt_identity, jwt_required

app = Flask(__name__)
app.config["JWT_SECRET_KEY"] = os.environ["JWT_SECRET"]
JWTManager(app)


@app.post("/login")
def login():
    return jsonify(access_token=create_access_token("alice"))


@app.get("/optionally_protected")
@jwt_required(optional=True)
def optionally_protected():
    return jsonify(logged_in_as=get_jwt_identity() or "anonymous user")
