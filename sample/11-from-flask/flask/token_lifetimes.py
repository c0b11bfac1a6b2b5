import os
from datetime import timedelta

from flask import Flask, jsonify
from flask_jwt_extended import JWTManager, create_access_token, get_jwt_identity, jwt_required

app = Flask(__name__)
app.config["JWT_SECRET_KEY"] = os.environ["JWT_SECRET"]
app.config["JWT_ACCESS_TOKEN_EXPIRES"] = timedelta(minutes=5)
JWTManager(app)


@app.post("/login")
def login():
    return jsonify(token=create_access_token("alice"))


@app.post("/create-dev-token")
@jwt_required()
def create_dev_token():
    token = create_access_token(get_jwt_identity(), expires_delta=timedelta(days=365))
    return jsonify(token=token), 201


@app.post("/create-api-token")
@jwt_required()
def create_api_token():
    return jsonify(token=create_access_token(get_jwt_identity(), expires_delta=False)), 201
