"""A Functional model whose masks Keras computes in nodes of the graph. Writes masks.keras, x*.npy and y*.npy here."""
import os; os.environ["TF_CPP_MIN_LOG_LEVEL"]="3"
import keras, json, numpy as np
from keras import layers
a=keras.Input((6,3),name="a"); b=keras.Input((6,),dtype="int32",name="b")
m=layers.Masking(0.0,name="masking")(a); e=layers.Embedding(10,3,mask_zero=True,name="emb")(b)
z=layers.Concatenate(name="cat")([m,e]); y=layers.LSTM(3,return_sequences=True,name="l1")(z)
z2=layers.Concatenate(axis=1,name="cat1")([m,e]); y2=layers.GRU(3,name="g1")(z2)
w=layers.Add(name="add")([m,e]); y3=layers.GRU(3,name="g2")(w)
at=layers.Attention(name="att")([y,m])
M=keras.Model([a,b],[layers.Dense(2,name="out")(y),y2,y3,at])
M.set_weights([np.random.default_rng(0).standard_normal(w.shape)*.3 for w in M.get_weights()])
M.compile("sgd",["mse"]*4)
M.save("masks.keras")
r=np.random.default_rng(1); x=r.standard_normal((4,6,3)).astype("f4"); x[1,3:]=0; x[2,0]=0; ids=r.integers(0,4,(4,6)).astype("i4")
np.save("x0.npy",x); np.save("x1.npy",ids)
for i,o in enumerate(M.predict([x,ids],verbose=0)): np.save(f"y{i}.npy",o)
