"""Code that was written for Keras, through its module tree."""

from __future__ import annotations

import chronicler.keras as keras
from chronicler.keras.callbacks import EarlyStopping, ModelCheckpoint
from chronicler.keras.layers import GRU, Bidirectional, Dense, Embedding
from chronicler.keras.models import Sequential
from chronicler.keras.optimizers import Adam
from chronicler.keras.optimizers.schedules import ExponentialDecay
from chronicler.keras.preprocessing.sequence import pad_sequences

rate = ExponentialDecay(1e-3, decay_steps=100, decay_rate=0.9)
model = Sequential([Embedding(1000, 16, mask_zero=True), Bidirectional(GRU(8)), Dense(1)])
model.compile(
    optimizer=Adam(rate, clipnorm=1.0),
    loss=keras.losses.BinaryCrossentropy(from_logits=True),
    metrics=[keras.metrics.AUC(name="auc")],
)
x = pad_sequences([[1, 2, 3], [4]])
model.fit(x, [0, 1], callbacks=[EarlyStopping(patience=3), ModelCheckpoint("best.keras")])
inputs = keras.Input(shape=(None, 8))
outputs = keras.layers.Dense(
    1, kernel_regularizer=keras.regularizers.l2(1e-4), kernel_initializer="he_normal"
)(keras.layers.LSTM(4, use_cudnn=False)(inputs))
functional = keras.Model(inputs, outputs)
numbers = keras.utils.to_categorical([0, 1, 2])
