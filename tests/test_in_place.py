"""NumPy programs that write in place, run as they stand on arrays and on Tensors.

The law: every name that a program leaves has the same value, dtype, shape and layout in memory, and
is a number or an array, as in NumPy; and derivatives of first and second order are those that
differences give.  Or there is an error that says what to write.  programs.py draws such programs at
random; here are those that people write, and what needs a word beside NumPy's.
"""

import textwrap

import numpy as np
import pytest

import minigrad as mg
from minigrad.testing.numerical import ridders

X = np.array([[1.0, 0.3, 1.7, 0.9], [0.2, 1.3, 0.6, 1.1], [1.5, 0.8, 0.4, 1.9]])
STEP = 0.02  # less than what lies between the numbers in X and their squares: nothing is overtaken

# Each is given x, and y = x * x + 1; `m` is a mask.
PROGRAMS = r"""
for row in y: row /= row.sum()
for row in y: row -= row.mean(); row /= row.std()
y[0][1] = x[1, 1]
r = y[0]; r *= 3
r = y[0]; y[0] = 5
r = y[0]; y[0] = x[1] ** 2; s = r.sum()
y.T[0] = x[0, :3]
y.reshape(-1)[0] = x.sum()
y.reshape(2, 6)[:, 1] *= x[0, :2]
y.ravel()[3:5] = x[0, 1:3]
y.T.reshape(-1)[0] = 99.0
f = y.flatten(); f[0] = 99.0; f *= x[0, 0]
z = y; z += 1
z = y; z[0] = x[1]; w = z * y
z = y.copy(); z += x
def center(a): a -= a.mean(); return None\ncenter(y)
def center(a): a = a - a.mean(); return a\ncenter(y)
def scale(a): a[...] = a / a.max(axis=0)\nscale(y[:, 1:])
y.sort()
y.sort(axis=0)
y[1].sort()
y[:, 2].sort()
y.partition(2)
np.nan_to_num(y, copy=False)
y[0, 0] = np.nan; np.nan_to_num(y, copy=False, nan=2.0)
np.array_split(y, 2)[0][0] = 7
a, b = np.split(y, 2, axis=1); a *= b
a, b, c = np.vsplit(y, 3); a += b; c -= a
b = y; b[0] = 5
y[1:] += y[:-1]
y[:-1] += y[1:]
y[::-1] *= 2
y[:, ::2] = y[:, 1::2]
y[...] = y[::-1]
y += y.T[0].sum()
y *= y
y -= y[0]
y /= y.sum(axis=1, keepdims=True)
y **= 2
m = y > 2.1; y[m] = 0
m = y > 2.1; y[m] *= x[m]
y[[0, 2]] += x[[1, 0]]
y[[0, 0]] = x[1:3]
y[[0, 1], [2, 2]] = y[0, :2]
y[0][[1, 1]] = x[0, :2]
s = y[[0, 1]]; s *= 0; t = s + 1
y[1, 1:3] = [1.0, 2.0]
y[np.ix_([0, 2], [1, 3])] *= 2
d = np.diagonal(y); y[1, 1] = 4; e = d * 2
np.fill_diagonal(y, x[0, 0])
np.fill_diagonal(y[:, 1:], x[1])
np.put(y, [0, 5, -1], x[0, :3])
np.put(y.T, [1, 2], 8.0)
np.copyto(y, x)
np.copyto(y[1], x[2], where=x[1] > 1)
np.putmask(y, y > 2.1, x)
np.place(y, y > 2.1, x[0, :2])
np.put_along_axis(y, np.argmax(y, axis=1)[:, None], 0.0, axis=1)
y.fill(3.0); y[0] = x[0]
v = y[0]; v.fill(2.0); y[0, 1] = x[0, 0]
v = y[1:, 1:]; w = v[0]; w += 1; v *= x[0, 0]; u = w * v[1]
v = y[1]; w = v[1:]; u = w[::-1]; u += x[0, :3]; y[1, 2] = 0
v = y.T; w = v.T; w *= 2; v[0] = 1
e = np.expand_dims(y, 0); e[0, 1] = x[0]
e = y[None, :, None]; e += 1
q = np.squeeze(y[:1]); q *= x[1]
sw = np.swapaxes(y, 0, 1); sw[1] = 7 * x[:, 0]
mo = np.moveaxis(y, 0, -1); mo[1] *= 3
fl = np.flip(y); fl[0] = x[0]
r90 = np.rot90(y); r90[0, 0] = x[1, 1]; r90 *= 2
at = np.atleast_3d(y); at[0] = 3
bt = np.broadcast_to(y[0], (2, 4)); y[0, 1] = x[1, 1]; k = bt * x[:2]
z = y.reshape(4, 3); z += z[0]; y[0] = z[1, 0]
rows = list(y); rows[1] *= x[0]; rows[2][1:] = rows[1][:3]; y[0] = rows[2]
for i in range(1, 3): y[i] = y[i - 1] * x[i]
for i in range(1, 4): y[:, i] += y[:, i - 1]
for i in range(3):\n for j in range(4): y[i, j] *= 0.1 * (i + j) * y[i, j - 1]
acc = np.zeros_like(y); acc += y; acc[0] += x[0]
acc = np.zeros((3, 4)) * y; v = acc[1]; acc[1] = y[1]; acc[0] = v
t = y.sum(); s = t; t += 1
t = y[0, 0]; y[0, 0] = 9.0; u = t * 2
t = y.mean(axis=0); s = t; t -= 1
y[0], y[1] = y[1], y[0]
y[0], y[1] = y[1].copy(), y[0].copy()
y[0, 0], y[0, 1] = y[0, 1], y[0, 0]
np.add(y, x, out=y)
np.multiply(x, 2, out=y[...])
np.exp(x[0], out=y[1])
np.clip(y, 1, 2.5, out=y)
np.cumsum(x, axis=1, out=y)
w = np.add(y, 1, y); w *= 2
np.add.at(y, [0, 0, 1], x)
np.subtract.at(y, ([0, 0], [1, 1]), x[0, :2])
c = y + 1j * x; c.imag[2] = x[0]; o = np.abs(c)
c = y + 1j * x; c.real *= 2; c.imag = x * y; o = c.real * c.imag
c = y + 1j * x; re = c.real; c *= 1j; o = re * 2
c = y + 1j * x; c[0] *= 2j; c.T[1].imag[0] = 3; o = np.abs(c) ** 2
y.real[0] = 2; y.real *= x
h = y.view(complex); h[0] *= 1j; o = y * 2
c = y + 1j * x; p = c.view(float); p[0] = y[0, 0]; o = np.abs(c)
o = y * x; y[0] = 0; q = o * y
o = np.exp(y); y *= 2; q = o + y
dg = np.einsum('ii->i', y[:, :3]); y[0, 0] = 5; q = dg * 2
sl = np.lib.stride_tricks.sliding_window_view(y[0], 2); y[0, 1] = x[2, 2]; q = sl * 2
tr = y.transpose(); tr += np.arange(3.0)
y.swapaxes(0, 1)[2] = x[:, 0] ** 2
y.flatten()[0] = 5
y.astype(float)[0] = 5
y.astype(float, copy=False)[0] = x[1]
b1, b2 = np.broadcast_arrays(y, y[0]); y[0] = x[1]; q = b2 * b1
u, v, w = y; u += v; w[:] = u
(u, *rest), = [y]; rest[0] *= u; u -= 1
hs = np.hsplit(y, 2); hs[0][:] = hs[1]
y[:] = 0; y += x
y[:, 0] = y[:, 1] = x[:, 2]
y[1:, :] = y[:-1, :] * x[0, 0]
y[y.argmax(axis=0), np.arange(4)] = 0
k = np.tile(y, 1); k[0] = 1
k = np.repeat(y, 1, axis=0); k[0] = 1
k = np.concatenate([y]); k[0] = 1
k = np.where(True, y, 0); k[0] = 1
k = np.ravel(y[:, :2]); k[0] = 1
k = y.reshape(-1, order='F'); k[0] = 1
k = np.triu(y); k[0] = 1
k = np.pad(y, 0); k[0] = 1
k = np.roll(y, 0); k[0] = 1
k = np.sort(y); k[0] = 1
k = np.clip(y, None, 100); k[0] = 1
k = y.take([0, 1], axis=0); k[0] = 1; l = k.reshape(-1); l[1] = 3
k = y[:, [0, 1]]; l = k.reshape(-1); l[1] = 3
k = y @ y.T; l = k.reshape(-1); l[1] = 3
k = (y.T + 1); l = k.reshape(-1); l[1] = 3
k = np.stack([y[0], y[1]], axis=1); l = k.reshape(-1); l[1] = 3
for p, g in zip([y, 2 * x], [x, y]): p -= 0.1 * g
params = [y[0], y[1:], x * x]\nfor p in params: p -= 0.5 * p.sum()
c = y.copy(); med = np.median(c, axis=1, overwrite_input=True); del c
c = y.copy(); qu = np.quantile(c, 0.4, axis=0, overwrite_input=True); del c
m = y > 2.1; np.multiply(y, x, out=y, where=m)
m = x > 1.2; np.add(x, 3, out=y[...], where=m)
m = x[0] > 1.2; np.exp(x, y, where=m)
np.subtract(x, y, y)
np.add(1.0, x[0], out=y)
np.sum(x, axis=0, out=y[0])
np.mean(x, axis=1, out=y[:, 2])
np.max(x, axis=0, out=y[1])
np.matmul(x, x.T, out=y[:, :3])
np.add.reduce(x, axis=1, out=y.T[0])
np.stack([x[0], x[2]], out=y[1:])
np.concatenate([x[:1], x[1:2]], out=y[:2])
np.einsum('ij->j', x, out=y[0])
np.take(x, [0, 1], axis=0, out=y[1:])
np.cumsum(y, axis=0, out=y)
np.add.accumulate(y, axis=1, out=y)
a, b = np.divmod(y, x, out=(y, None))
z = np.sin(x); np.sin(x, out=z); y += z
z = np.zeros_like(x); np.add(x, y, out=z[::-1]); z[0] *= x[0]
t = y[0, 0, ...]; s = t; t += 1
t = y[1, 1, ...]; t *= x[0, 0]; t[()] = 3 * t; t[...] = t + x[0, 1]
t = y[1, 1, ...]; u = t[()]; t += 1; v = u * t
t = y.sum(keepdims=True).reshape(()); s = t; t += 1
t = np.squeeze(y[:1, :1]); s = t; t += 1
t = y.max(); s = t; t -= x[0, 0]
t = y[0] @ x[0]; s = t; t *= 2
t = y[0].dot(x[0]); s = t; t *= 2
t = y.sum(); s = -t; u = s; s += 1
t = np.sqrt(y[0, 0]); s = t; t += 1
t = np.where(y[0, 0] > 1, y[0, 0], 0.0); s = t; t += 1
t = y.mean(); t += y[0]; t[0] = 1
t = np.atleast_1d(y.mean()); t[0] = x[0, 0]
for v in y[0]: v *= 2
for i, v in enumerate(y[:, 0]): y[i, 0] = v * i; v += 1
y[0, 0] += 1; y[0][0] += 1; y[0, 0:1] += 1
s = y[0, 0]; y[0, 0] *= 3; t = s * y[0, 0]
y[0, 0, None] *= x[0, :1]
y[[0, 1]] = y[[1, 0]]
y[[0, 1, 1]] += x
y[1:][[0, 0]] *= x[:2]
y[np.where(y > 2.1)] = x[0, 0]
y[np.nonzero(x > 1.2)] *= 2
y[y > 2.1] += 1
y[y > 2.1] = y[y > 2.1][::-1]
y[..., None][:, 0] = x[:, :1]
y[None][0, 1] *= 2
y[0:0] = 7; y[:, 4:] += 1
y[()] = x; y[()] += 1
y[-1, ::-2] = y[0, ::2]
a, b = y[:2], y[1:]; a += b
a, b = y[:2], y[1:]; b[...] = a; a *= b
a, b = y[:, :-1], y[:, 1:]; np.add(a, b, out=b)
a = y[0]; b = a; a = a + 1; b += a
a = y.T; b = a.reshape(2, 6); b += 1; c = a.ravel(); c[0] = 7
v = y[1]; del y; v *= 2; w = v[::-1]; w[0] = x[0, 0]
v = y; y = y * 2; v[0] = 1; y[1] = v[1]
v = y[0]; y = x[:2] * 2; v += 1; v[0] = y[0, 0]
y.T.sort()
y[::-1].sort(axis=0)
y.T[:, 1].sort()
y[:, ::2].partition(1)
np.sort(y)[0] = 0; np.flip(y)[0] *= 2
np.fill_diagonal(y.T, x[0, 0])
np.fill_diagonal(y, 0.0, wrap=True)
y.put([0, 3], x[0, 0]); y.T.put([1, 1], x[0, :2])
y.fill(x[0, 0])
np.copyto(y[:, 0], x[:, 1])
np.copyto(y, x[0], where=[[True], [False], [True]])
np.copyto(y[1:], y[:-1])
np.put_along_axis(y, np.argsort(y, axis=1)[:, :2], x[:, :2], axis=1)
np.maximum.at(y, [0, 0, 2], 1.3 * x + 0.5)
np.minimum.at(y, ([0, 1, 0], [1, 1, 1]), 1.2 * x[0, :3])
np.multiply.at(y, [0, 0, 1], x)
np.power.at(y[0], [1, 1], 2.0)
np.negative.at(y, [0, 0, 1])
np.add.at(y.T, [0, 0], x[:2].T[:2, :1])
np.add.at(y, (slice(None), [1, 1]), x[:, :2])
np.add.at(y, ..., x)
c = y + 1j * x; c.imag[2] = x[0]; c.real[0] += c.imag[1]
c = y + 1j * x; d = c.conj(); d[0] = 1; o = np.abs(c + d)
c = y + 1j * x; i = c.imag; i -= i.mean(); o = np.abs(c)
c = y + 1j * x; c[1:].real[..., ::2] -= c.imag[:-1, ::2]; o = c.real * c.imag
c = y + 1j * x; r = c.T.real; r.sort(); o = np.abs(c)
c = 0j * y; c += y; c.imag += x; o = c * c
h = y.view(complex); h *= h; o = y * x[0]
h = y.view(complex); h.imag[0] = x[1, :2]; h.real += 1; o = y * 2
h = y[:, 2:].view(complex); h -= 1j * h; y[0, 3] = x[0, 0]; o = h.imag * 2
h = y.view(complex); p = h.view(float); p[1] *= x[1]; o = h.real
h = y.view(float); h[0] = 1
np.real(y)[0] = 5; y.real = y.real * x
w = np.lib.stride_tricks.sliding_window_view(y, 2, axis=1); y[:, 1] *= x[:, 0]; q = w * w
w = np.lib.stride_tricks.sliding_window_view(y, (2, 2)); y += x; q = w.max(axis=(2, 3))
d = y.diagonal(1); y[0, 1] = x[0, 0]; q = d * x[0, :3]
d = np.diagonal(y[:, ::-1]); y *= x; q = d * d
d = np.diag(y[:, :3]); y[1, 1] = 3; q = d * 2
dg = np.einsum('ii->i', y[:, :3]); dg += x[0, :3]; dg[0] = 1
e = np.einsum('ij->ji', y); e[0] *= 2; y[1, 1] = x[0, 0]
b = np.broadcast_to(y, (2, 3, 4)); y[0] = x[0]; q = b * x; p = b[1, 0]; y *= 2; r = p + 1
b = np.broadcast_to(y[0, 0, ...], (2, 2)); y[0, 0] = 3 * x[0, 0]; q = b * b
ex = np.expand_dims(y, (0, 2)); ex[0, :, 0, 1] = 7; q = ex[0]
mv = np.moveaxis(y[None], (0, 1), (2, 0)); mv[0, :, 0] *= x[0]
rl = np.rollaxis(y, 1); rl[1] += x[:, 0]
lr, ud = np.fliplr(y), np.flipud(y); lr[0] = x[0]; ud *= 2; q = lr + 1
ds = np.dsplit(y.reshape(1, 3, 4), 2); ds[1][...] = ds[0]
pa = np.permute_dims(y, (1, 0)); pa[0] = 2 * pa[1]
mt = np.matrix_transpose(y); mt[2] *= x[:, 0]; q = y.mT + 1
at = np.atleast_2d(y[0]); at *= x[1]
us = np.unstack(y); us[0][...] = us[1] * us[2]
bc = np.broadcast_arrays(x, y)[1]; y[0] = 2 * x[0]; q = bc + 1
sq = y.reshape(3, 1, 4).squeeze(1); sq[1] = x[1]
k = y.swapaxes(0, 1).ravel(); k[0] = 1; l = y.T.ravel('F'); l[1] = 3
k = y[:, ::2].reshape(-1); k[0] = 1; l = y[:, :1].reshape(-1); l[0] = 5
k = y.reshape(3, 2, 2)[:, 1].T; k[0] = x[:, 0]; l = k.reshape(-1); l[0] = 1
k = y.copy(order='F'); l = k.T.reshape(-1); l[1] = 3
k = np.copy(y.T); l = k.reshape(-1); l[1] = 3
k = y.astype(complex); k[0] *= 1j; l = k.real; l *= y
k = np.empty_like(y); k[...] = x; k[0] *= y[0]
k = np.full_like(y, 2.0); k *= x; y[0] = k[0]
k = np.ones_like(y.T); k[1:] = y.T[:-1]; l = k.T.reshape(-1); l[1] = 3
k = -y.T; l = k.reshape(-1); l[1] = 3; n = k.T.reshape(-1); n[2] = 5
k = np.add(y.T, x.T[:, ::-1]); l = k.T.reshape(-1); l[1] = 3
k = y.T @ y; l = k.T.reshape(-1); l[1] = 3
k = np.round(y); k[0] = x[0]
k = y.compress([True, False, True], axis=0); k[0] = 1
k = np.delete(y, 1, axis=0); k[0] = 1
k = np.block([[y]]); k[0] = 1
k = np.vstack([y]); k[0] = 1
k = y.clip(None, 100); k[0] = 1
k = np.nan_to_num(y); k[0] = 1
k = +y; k[0] = 1
k = np.positive(y); k[0] = 1
k = np.linalg.inv(y[:, :3] + 3 * np.eye(3)); k[0] = 1; l = k.reshape(-1); l[1] = 3
t = y.sum()[...]; s = t; t += 1
k = y.conj(); k[0] = 1
k = y.conjugate(); k[0] = 1; l = np.conjugate(y); l[1] = 3
k = np.take(y, [0, 1], axis=1); l = k.reshape(-1); l[1] = 3
k = np.sort(y.T); l = k.reshape(-1); l[1] = 3
k = np.meshgrid(y[0], y[1])[0]; k[0] = 1
t = np.median(y); s = t; t += 1
k = np.repeat(y, 2, axis=1); l = k.reshape(-1); l[1] = 3
k = np.cumsum(y.T, axis=0); l = k.T.reshape(-1); l[1] = 3
k = np.delete(y.T, 0, axis=1); l = k.T.reshape(-1); l[1] = 3
k = np.cross(y[:, :3], x[:, :3]); l = k.reshape(-1); l[1] = 3
k = np.partition(y.T, 1); l = k.reshape(-1); l[1] = 3
k, v = np.linalg.eigh(y[:, :3] + y[:, :3].T); l = v.reshape(-1); l[1] = 3
k = np.full_like(y.sum(), 2.0); k *= x[0, 0]
""".strip().splitlines()

ALGORITHMS = {
    "elimination": """
        a, b = y[:, :3] + 2 * np.eye(3), y[:, 3]
        for k in range(3):
            for i in range(k + 1, 3):
                factor = a[i, k] / a[k, k]
                a[i, k:] -= factor * a[k, k:]
                b[i] -= factor * b[k]
        for k in reversed(range(3)):
            b[k] -= a[k, k + 1 :] @ b[k + 1 :]
            b[k] /= a[k, k]
        """,
    "elimination that swaps rows": """
        a = y[:, :3].copy()
        for k in range(2):
            pivot = k + int(np.argmax(np.abs(a[k:, k])))
            a[[k, pivot]] = a[[pivot, k]]
            a[k + 1 :, k] /= a[k, k]
            a[k + 1 :, k + 1 :] -= np.outer(a[k + 1 :, k], a[k, k + 1 :])
        """,
    "orthogonal rows": """
        for i, row in enumerate(y):
            for other in y[:i]:
                row -= (row @ other) * other
            row /= np.sqrt(row @ row)
        """,
    "cholesky": """
        a = y @ y.T + np.eye(3)
        for j in range(3):
            a[j, j] = np.sqrt(a[j, j] - a[j, :j] @ a[j, :j])
            for i in range(j + 1, 3):
                a[i, j] = (a[i, j] - a[i, :j] @ a[j, :j]) / a[j, j]
            a[j, j + 1 :] = 0
        """,
    "softmax": """
        z = y - y.max(axis=1, keepdims=True)
        np.exp(z, out=z)
        z /= z.sum(axis=1, keepdims=True)
        """,
    "a layer and a step": """
        w, b = y[:, :2], y[0, 2:]
        h = np.empty((4, 2)) * x[0, 0]
        np.matmul(x.T, w, out=h)
        h += b
        h[h < 3] *= 0.1
        w -= 0.1 * (x @ h)
        b -= 0.1 * h.sum(axis=0)
        """,
    "momentum": """
        params, velocity = [y[0], y[1:]], [np.zeros_like(y[0]), np.zeros_like(y[1:])]
        for _ in range(2):
            for p, v in zip(params, velocity):
                v *= 0.9
                v += x[0] * p
                p -= 0.1 * v
        """,
    "heat": """
        u = y[0].copy()
        for _ in range(3):
            u[1:-1] += 0.1 * x[1, 0] * (u[2:] - 2 * u[1:-1] + u[:-2])
            u[0], u[-1] = u[1], u[-2]
        """,
    "gauss-seidel": """
        u = np.zeros((3, 4)) * x
        for i in range(1, 2):
            for j in range(1, 3):
                u[i, j] = (u[i - 1, j] + u[i + 1, j] + u[i, j - 1] + u[i, j + 1] + y[i, j]) / 4
        u[:, -1] = u[:, 0] = u[1, 1]
        """,
    "runge-kutta": """
        path = np.empty((4, 3)) * x[0, 0]
        path[0] = y[:, 0]
        for i in range(3):
            k1 = -path[i] * x[:, i]
            k2 = -(path[i] + 0.05 * k1) * x[:, i]
            path[i + 1] = path[i]
            path[i + 1] += 0.1 * k2
        """,
    "cheapest way": """
        cost = y.copy()
        for i in range(3):
            for j in range(4):
                if i and j:
                    cost[i, j] += min(cost[i - 1, j], cost[i, j - 1])
                elif i or j:
                    cost[i, j] += cost[i - 1, 0] if i else cost[0, j - 1]
        best = cost[-1, -1]
        """,
    "insertion sort": """
        for row in y:
            for i in range(1, len(row)):
                while i and row[i - 1] > row[i]:
                    row[i - 1], row[i] = row[i], row[i - 1].copy()
                    i -= 1
        """,
    "histogram": """
        bins = np.zeros(3) * x[0, 0]
        np.add.at(bins, [0, 2, 2, 1], y[0] * x[1])
        bins /= bins.sum()
        """,
    "running sums": """
        total = np.zeros_like(y[0])
        means = np.zeros_like(y)
        for i, row in enumerate(y, 1):
            total += row
            means[i - 1] = total
            means[i - 1] /= i
        """,
    "butterflies": """
        z = y[0] + 1j * x[1]
        even, odd = z[::2].copy(), z[1::2] * np.exp(-0.5j * np.arange(2))
        z[:2] = even
        z[2:] = even
        z[:2] += odd
        z[2:] -= odd
        power = z.real**2
        power += z.imag**2
        """,
    "ring buffer": """
        ring = np.zeros((2, 4)) * x[0]
        outs = []
        for i, row in enumerate(y):
            ring[i % 2] = row
            outs.append(ring.mean(axis=0))
        """,
    "a function that works in place": """
        def standardize(a):
            a -= a.mean()
            a /= a.std()

        standardize(y)
        standardize(y[:, 1:])
        standardize(y.T[0])
        """,
}

RIGHT = [
    *(pytest.param(p.replace("\\n", "\n"), id=p) for p in PROGRAMS),
    *(pytest.param(textwrap.dedent(p), id=name) for name, p in ALGORITHMS.items()),
]


def left_by(program, x):
    """What names stand for, tensors or arrays, after a program has run; lists are taken apart."""
    names = {"np": np, "x": x, "y": x * x + 1}
    exec(program, names)
    parts = [
        (f"{name}[{i}]", part) if isinstance(value, (list, tuple)) else (name, value)
        for name, value in names.items()
        for i, part in enumerate(value if isinstance(value, (list, tuple)) else [value])
    ]
    kinds = (np.ndarray, np.floating, np.complexfloating, mg.Tensor)
    return {name: value for name, value in parts if name != "m" and isinstance(value, kinds)}


def total(values):
    """A number that depends on all of them, and not linearly."""
    loss = 0.0
    for i, v in enumerate(values):
        if v.dtype.kind in "fc":
            real = v.real + 0.7 * v.imag if v.dtype.kind == "c" else v
            weights = np.random.default_rng(i).uniform(0.5, 1.5, v.shape)
            loss = loss + (weights * real).sum() + (0.1 * real * real).sum()
    return loss


def gradient(program, x, **options):
    leaf = mg.tensor(x, requires_grad=True)
    return mg.grad(total(left_by(program, leaf).values()), leaf, **options), leaf


def is_number(t):
    """Whether an operator in place leaves what has been named."""
    with mg.no_grad():
        other = t
        other *= 1
    return other is not t


@pytest.mark.parametrize("program", RIGHT)
def test_a_program_leaves_what_it_leaves_in_numpy(program):
    hold(left_by(program, mg.tensor(X, requires_grad=True)), left_by(program, X.copy()))


@pytest.mark.parametrize("program", RIGHT)
def test_a_program_of_constants_leaves_what_it_leaves_in_numpy(program):
    hold(left_by(program, mg.tensor(X)), left_by(program, X.copy()))


def hold(found, expected):
    """Assert that these are the same names for the same values, laid out alike."""
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        t = found[name]
        array = t.numpy() if isinstance(t, mg.Tensor) else t
        assert (array.shape, array.dtype) == (value.shape, value.dtype), name
        np.testing.assert_allclose(array, value, rtol=1e-12, atol=1e-12, err_msg=name)
        steps = [
            [s for s, n in zip(a.strides, a.shape, strict=True) if n > 1] for a in (array, value)
        ]
        assert steps[0] == steps[1], f"the layout of {name}"
    for name, value in expected.items():  # it may write, if only what there is
        if isinstance(found[name], mg.Tensor) and value.ndim == 0:
            assert is_number(found[name]) == isinstance(value, np.generic), name


@pytest.mark.parametrize("program", RIGHT)
def test_the_derivatives_of_a_program_are_those_of_its_values(program):
    u, w = np.random.default_rng(9).uniform(-1, 1, (2, *X.shape))
    g, leaf = gradient(program, X, create_graph=True)
    slope = ridders(lambda t: total(left_by(program, X + t * u).values()), STEP)
    agree(np.sum(g.numpy() * u), slope)
    curvature = ridders(lambda t: np.sum(gradient(program, X + t * u)[0].numpy() * w), STEP)
    product = mg.grad((g * w).sum(), leaf).numpy() if g.requires_grad else np.zeros_like(X)
    agree(np.sum(product * u), curvature)


def agree(found, estimate):
    size = 1 + abs(estimate.value)
    assert estimate.error < 1e-5 * size, "too rough"
    assert abs(found - estimate.value) < 2 * estimate.error + 1e-9 * size


# -- numbers and arrays without axes: only `op=` tells them apart

OF_A_NUMBER = """
t.copy() | t.T | t[()] | t.reshape(()) | np.copy(t) | np.squeeze(t) | t.squeeze() | t.real
t.conj() | np.real(t) | np.conj(t) | t.astype(float) | t.ravel()[0] | t.round(1) | np.round(t)
t.clip(0, 1) | np.clip(t, 0, 1) | t.sum() | t.max() | np.transpose(t) | t.transpose()
np.reshape(t, ()) | t.mean() | np.expand_dims(t, 0)[0] | np.stack([t, t])[0] | np.atleast_1d(t)[0]
np.zeros_like(t) | t.var() | +t | -t | abs(t) | t**2 | t**3 | 2 * t | t + t | t + a
np.where(True, t, 0) | np.max(t) | t.flatten()[0] | np.dot(t, t) | np.maximum(t, 0) | t.cumsum()[0]
t[...] | t.view(float) | t.take(0) | np.flip(t) | (t + 1j).real | (t + 1j).imag | (t + 1j).conj()
np.angle(t + 1j) | np.abs(t + 1j) | np.nan_to_num(t) | np.full_like(t, 2.0)
"""
OF_AN_ARRAY_WITHOUT_AXES = """
a + 1 | -a | np.sin(a) | a * a | a.copy() | a[()] | a[...] | a.T | a.reshape(()) | a.sum()
a.max() | np.max(a) | a.real | a.squeeze() | np.squeeze(a) | a.astype(float) | a.round()
np.where(True, a, 0) | np.clip(a, 0, 1) | a.clip(0, 1) | np.zeros_like(a) | np.copy(a) | a.mean()
a + 1j | (a + 1j).real | np.nan_to_num(a)
"""
OF_ARRAYS = """
np.linalg.norm(y) | np.linalg.norm(y[0]) | np.linalg.det(y[:, :3]) | np.dot(y[0], x[0])
y[0] @ x[0] | np.vdot(y[0], x[0]) | np.vecdot(y[0], x[0]) | np.trace(y) | y.trace()
np.einsum('ij->', y) | np.var(y) | np.std(y) | np.nanvar(y) | np.nanstd(y) | np.nansum(y)
np.nanmean(y) | np.nanmax(y) | np.ptp(y) | np.average(y) | np.average(y, weights=x)
np.cumsum(y)[0] | np.prod(y) | y.max() | y.std() | np.trapezoid(y[0]) | np.add.reduce(y[0])
np.multiply.reduce(y[0]) | np.maximum.reduce(y[0]) | y[0, 0] | np.linalg.matrix_norm(y)
np.linalg.vector_norm(y) | np.tensordot(y, x) | np.polyval(y[0], 0.5) | np.polyval(y[0], x[0, 0])
y[0][1] | y[0, 0, ...] | y.take(1) | np.take(y, 1) | y.sum(axis=(0, 1)) | y.sum(axis=1)[0]
next(iter(y[0])) | list(y[0])[2] | np.squeeze(y[:1, :1]) | np.diff(y[0])[0]
np.sum(y, keepdims=True).reshape(()) | np.linalg.trace(y[:, :3]) | np.sort(y)[0, 0] | y[y > 2.1][0]
np.inner(y[0], x[0]) | np.median(y) | np.nanmedian(y) | np.quantile(y, 0.3)
np.nanquantile(y, 0.3) | np.percentile(y, 30) | np.nanpercentile(y, 30)
np.interp(0.5, np.arange(3.0), y[:, 0]) | np.logaddexp.reduce(y[0])
np.linalg.slogdet(y[:, :3])[1] | np.linalg.multi_dot([y[0], y.T, y[:, 0]])
np.linalg.cond(y[:, :3])
"""


def expressions(*texts):
    return [e for text in texts for line in text.strip().splitlines() for e in line.split(" | ")]


@pytest.mark.parametrize(
    "expression",
    [
        *expressions(OF_A_NUMBER, OF_AN_ARRAY_WITHOUT_AXES, OF_ARRAYS),
    ],
)
def test_what_is_a_number_in_numpy_is_one(expression):
    """Of a number t and an array without axes a: an operator in place changes the one, and a copy
    of the other, so that `s = t; t += 1` leaves s.
    """
    both = []
    for x in X, mg.tensor(X, requires_grad=True):
        y = x * x + 1
        names = {"np": np, "x": x, "y": y, "t": y.sum(), "a": y[1, 2, ...]}
        both.append(eval(expression, names))
    expected, found = both
    assert expected.ndim == found.ndim == 0
    assert is_number(found) == isinstance(expected, np.generic)


# -- what NumPy has no word for: the graph


def leaf_and_squares():
    leaf = mg.tensor(X, requires_grad=True)
    return leaf, leaf * leaf


def test_a_write_outside_the_graph_leaves_a_leaf_what_it_is():
    leaf = mg.tensor(X, requires_grad=True)
    view, z = leaf[0], leaf**3
    with mg.no_grad():
        leaf -= 0.5
        leaf[1] = 2.0
        for row in leaf:
            np.multiply(row, 2, out=row)
        view[:2] += 1
        np.copyto(leaf[2], view)
    expected = 2 * (X - 0.5)
    expected[1], expected[0, :2] = 4.0, expected[0, :2] + 1
    expected[2] = expected[0]
    np.testing.assert_allclose(leaf.numpy(), expected)
    np.testing.assert_allclose(view.numpy(), expected[0])
    assert leaf.is_leaf
    assert leaf.requires_grad
    assert view.requires_grad
    z.sum().backward(retain_graph=True)  # what was computed before is of the numbers of then
    np.testing.assert_allclose(leaf.grad.numpy(), 3 * X**2)
    leaf.grad = None
    (view * view).sum().backward()
    np.testing.assert_allclose(leaf.grad.numpy(), np.outer([1, 0, 0], 2 * expected[0]))


def test_a_computed_tensor_that_is_written_to_outside_the_graph_is_a_constant():
    leaf, z = leaf_and_squares()
    view, w = z[0], z * 2
    with mg.no_grad():
        z[1, 1] = 7.0
    assert not z.requires_grad
    assert not view.requires_grad
    g = mg.grad(w.sum(), leaf)
    np.testing.assert_allclose(g.numpy(), 4 * X)


def test_a_constant_that_something_is_written_to_requires_grad_and_so_do_its_views():
    leaf = mg.tensor(X, requires_grad=True)
    z = mg.tensor(np.zeros((3, 4)))
    with mg.no_grad():
        outside = z[1]
    inside, other = z.T, z.detach()
    z.reshape(-1)[4:6] = leaf[0, :2] ** 2
    assert z.requires_grad
    assert inside.requires_grad
    assert outside.requires_grad
    assert not other.requires_grad
    assert not other.numpy().any()
    g = mg.grad((outside**2).sum() + inside[1, 1], leaf)
    expected = np.zeros_like(X)
    expected[0, :2] = 4 * X[0, :2] ** 3 + [0, 2 * X[0, 1]]
    np.testing.assert_allclose(g.numpy(), expected)


SHOW_TWICE = {
    "broadcast_arrays": lambda z: np.broadcast_arrays(z, z[0])[1],
    "broadcast_to": lambda z: np.broadcast_to(z[1], (3, 4)),
    "sliding windows": lambda z: np.lib.stride_tricks.sliding_window_view(z, (2, 2)),
}


@pytest.mark.parametrize("view", SHOW_TWICE.values(), ids=SHOW_TWICE)
def test_an_element_that_a_view_shows_more_than_once_gets_all_its_gradients(view):
    leaf = mg.tensor(X, requires_grad=True)
    z = mg.tensor(np.zeros((3, 4)))
    seen = view(z)  # of constants: it comes into the graph with what is written
    z[...] = leaf
    which = view(np.arange(12).reshape(3, 4))
    w = np.random.default_rng(2).uniform(-1, 1, which.shape)
    g = mg.grad((w * seen).sum(), leaf)
    expected = np.bincount(which.ravel(), w.ravel(), 12).reshape(3, 4)
    np.testing.assert_allclose(g.numpy(), expected, atol=1e-12)


def test_a_view_that_was_made_outside_the_graph_is_a_constant_until_a_recorded_write():
    leaf, z = leaf_and_squares()
    with mg.no_grad():
        view = z[0]
    assert not view.requires_grad
    z[1] = 0.0
    assert view.requires_grad
    g = mg.grad(view.sum(), leaf)
    np.testing.assert_allclose(g.numpy(), np.outer([1, 0, 0], 2 * X[0]))


def test_a_gradient_by_a_view_is_of_what_was_computed_from_it():
    _, z = leaf_and_squares()
    view, same = z[0], z[0]
    by_view, by_same = mg.grad((view * same).sum(), [view, same], retain_graph=True)
    np.testing.assert_allclose(by_view.numpy(), same.numpy())
    np.testing.assert_allclose(by_same.numpy(), view.numpy())
    y = (view * z).sum()
    view *= 2  # y was computed from what it was: a gradient by what it is now is zero
    assert not mg.grad(y, view).numpy().any()


def test_hooks_and_kept_gradients_stay_with_the_value_that_they_were_asked_of():
    leaf, z = leaf_and_squares()
    z.retain_grad()
    z.register_hook(lambda g: 3 * g)
    before = z.sum()
    z[0] = 0.0
    z.retain_grad()
    (before + (2 * z).sum()).backward()
    np.testing.assert_allclose(z.grad.numpy(), np.full((3, 4), 2.0))
    weights = 3 * (1 + np.outer([0, 2, 2], np.ones(4)))
    np.testing.assert_allclose(leaf.grad.numpy(), weights * 2 * X)


def test_what_was_detached_is_the_value_of_then():
    _, z = leaf_and_squares()
    detached, array, copied = z.detach(), z.numpy(), z[0].detach()
    z *= 2
    z[0] = 7.0
    np.testing.assert_array_equal(detached.numpy(), X * X)
    np.testing.assert_array_equal(array, X * X)
    np.testing.assert_array_equal(copied.numpy(), X[0] * X[0])
    detached[0] = 5.0
    detached.T[1] += 1
    assert (z.numpy()[0] == 7.0).all()
    assert z.requires_grad
    assert not detached.requires_grad


@pytest.mark.parametrize("leaf", [True, False])
def test_data_is_a_tensor_of_the_same_place_outside_the_graph(leaf):
    p = mg.tensor(X, requires_grad=leaf)
    row, cube = p[1], p**3
    p.data -= 0.5
    p.data[0, 0] = 9.0
    p.data[1:].T[0] *= 2
    row.data[3] = 4.0
    expected = X - 0.5
    expected[0, 0], expected[1:, 0], expected[1, 3] = 9.0, 2 * expected[1:, 0], 4.0
    np.testing.assert_array_equal(p.numpy(), expected)
    np.testing.assert_array_equal(row.numpy(), expected[1])
    assert p.requires_grad == row.requires_grad == leaf
    assert p.is_leaf
    assert not p.data.requires_grad
    assert not (p.data * 2).requires_grad
    if leaf:
        g = mg.grad(cube.sum(), p)
        np.testing.assert_allclose(g.numpy(), 3 * X**2)
        p.data -= 0.1 * g
        p.data[0] = (p * p)[1]  # of what is in the graph, the numbers
        assert p.is_leaf
        assert p.requires_grad
    p.data = np.ones((3, 4))
    np.testing.assert_array_equal(row.numpy(), np.ones(4))
    p.data = mg.tensor(X)
    np.testing.assert_array_equal(p.numpy(), X)


def test_data_keeps_the_place_of_what_is_written_to_in_the_graph():
    leaf = mg.tensor(X, requires_grad=True)
    z, kept = mg.tensor(np.zeros((3, 4))), []
    for i in range(3):
        kept.append(z.data)
        z[i] = leaf[i]
    for data in kept:
        np.testing.assert_array_equal(data.numpy(), X)
        assert not data.requires_grad


def test_a_plain_array_that_a_tensor_was_made_of_is_not_written_to():
    a = X.copy()
    t = mg.asarray(a)
    view = t[0]
    t += 1
    view[0] = 9.0
    mg.asarray(a).sort(axis=0)
    np.add(t, 1, out=mg.asarray(a))
    np.testing.assert_array_equal(a, X)


def in_place(x):
    x -= x.mean()
    x[0] *= x[1]
    for row in x:
        np.add(row, row.sum(), out=row)
    return np.sum(x * x)


def out_of_place(x):
    x = x - x.mean()
    x = np.concatenate([x[:1] * x[1:2], x[1:]])
    x = x + x.sum(axis=1, keepdims=True)
    return np.sum(x * x)


TRANSFORMS = {
    "value_and_grad": mg.value_and_grad,
    "jacobian": lambda f: lambda x: [mg.jacobian(f)(x)],
    "hessian": lambda f: lambda x: [mg.hessian(f)(x)],
    "hvp": lambda f: lambda x: [mg.hvp(f)(x, np.cos(X))],
    "jvp": lambda f: lambda x: mg.jvp(f, [x], [np.cos(X)]),
}


@pytest.mark.parametrize("transform", TRANSFORMS.values(), ids=TRANSFORMS)
@pytest.mark.parametrize("kind", [np.array, mg.tensor])
def test_a_transform_of_a_function_that_writes_into_its_argument(transform, kind):
    x = kind(X)
    for found, expected in zip(transform(in_place)(x), transform(out_of_place)(x), strict=True):
        np.testing.assert_allclose(np.asarray(found), np.asarray(expected), 1e-10, 1e-12)
    np.testing.assert_array_equal(np.asarray(x), X)


def test_requires_grad_is_no_write():
    z = mg.tensor(X)
    view = z[0]
    z.requires_grad_()
    assert z.is_leaf
    assert not view.requires_grad
    with mg.no_grad():
        view *= 2
    np.testing.assert_array_equal(z.numpy()[0], 2 * X[0])
    assert z.is_leaf
    assert z.requires_grad


# -- what raises, and what it says

TO_A_LEAF = r"writing into a leaf that requires grad .* x\.copy\(\).*no_grad\(\)"
TO_A_VIEW = TO_A_LEAF.replace("a leaf", "a view of a leaf")
PLAIN = r"plain array.*np\.zeros_like\(x\) or minigrad\.asarray\(a\)"
CUT = "silently cut a tensor that requires grad out of its graph; use"
REFUSED = {
    # x is a leaf, y = x * x, c a constant tensor, a = a plain array
    "x[0] = 1.0": (RuntimeError, TO_A_LEAF),
    "x += 1": (RuntimeError, TO_A_LEAF),
    "x.sort()": (RuntimeError, TO_A_LEAF),
    "np.copyto(x, y)": (RuntimeError, TO_A_LEAF),
    "np.add(y, 1, out=x)": (RuntimeError, TO_A_LEAF),
    "np.add.at(x, [0], 1)": (RuntimeError, TO_A_LEAF),
    "v = x[0]; v *= 2": (RuntimeError, TO_A_VIEW),
    "x.T[0] = 1.0": (RuntimeError, TO_A_VIEW),
    "for row in x: row /= row.sum()": (RuntimeError, TO_A_VIEW),
    "x.reshape(-1).data[0] = 1; x.reshape(-1)[0] = 1": (RuntimeError, TO_A_VIEW),
    "v = c[0].requires_grad_(); c[1] = y[0]; v + 1": (RuntimeError, r"make the leaf of a copy"),
    "a += y": (TypeError, PLAIN),
    "a[0] = y[0]": (TypeError, CUT),
    "np.copyto(a, y)": (TypeError, PLAIN),
    "np.add(y, 1, out=a)": (TypeError, PLAIN),
    "np.sum(y, axis=0, out=a[0])": (TypeError, PLAIN),
    "np.put(a, [0], y[0, 0])": (TypeError, PLAIN),
    "np.add.at(a, [0], y[0])": (TypeError, PLAIN),
    "np.fill_diagonal(a, y[0, 0])": (TypeError, CUT),
    "np.diagonal(y)[0] = 1": (ValueError, "read-only"),
    "np.lib.stride_tricks.sliding_window_view(y, 2, axis=0)[0] = 1": (ValueError, "read-only"),
    "np.fill_diagonal(y[0], 1)": (ValueError, "at least 2-d"),
    "y.imag = 1": (TypeError, "imaginary"),
    "y *= 1j": (TypeError, "complex128"),
    "y += np.ones((2, 3, 4))": (ValueError, r"\(2, 3, 4\)"),
    "y[0] = [1, 2]": (ValueError, "broadcast"),
    "y[5] = 1": (IndexError, "5 is out of bounds"),
    "y[0.5] = 1": (IndexError, "valid indices"),
    "np.copyto(y, 1j)": (TypeError, "complex128"),
    "y[0, 0] = 1j": (TypeError, "complex"),
    "y.sum().fill(1.0)": (TypeError, "number"),
    "np.array(y)": (TypeError, CUT),
    "np.asarray(y)": (TypeError, CUT),
    "np.ascontiguousarray(y)": (TypeError, CUT),
    "y.shape = (4, 3)": (AttributeError, "shape"),
    "y.dtype = float": (AttributeError, "dtype"),
    "y.T = y": (AttributeError, "T"),
    "y.flat[0] = 1": (AttributeError, r"np\.put"),
    "y.resize((4, 3))": (AttributeError, r"np\.resize"),
    "y.itemset(0, 1)": (AttributeError, r"x\[index\] = value"),
    "y.setfield(1, float)": (AttributeError, r"x\[index\] = value"),
    "y.setflags(write=False)": (AttributeError, r"x\.numpy\(\)"),
    "y.byteswap(inplace=True)": (AttributeError, "astype"),
    "y.ravel(order='K')": ((TypeError, ValueError), "order"),
    "np.nditer(y, op_flags=['readwrite'])": (TypeError, "writeable"),
    "np.lib.stride_tricks.as_strided(y, (2, 2), (8, 8))": (TypeError, CUT),
    "memoryview(y)": (TypeError, "bytes-like"),
    "y.numpy()[0] = 1": (ValueError, "read-only"),
    "y.view(int)": (TypeError, "astype"),
    "del y[0]": (AttributeError, "__delitem__"),
}


@pytest.mark.parametrize("program", REFUSED)
def test_a_program_that_is_refused_is_told_why(program):
    x = mg.tensor(X, requires_grad=True)
    names = {"np": np, "x": x, "y": x * x, "c": mg.tensor(X), "a": X.copy()}
    kind, message = REFUSED[program]
    with pytest.raises(kind, match=message):
        exec(program, names)
    np.testing.assert_array_equal(names["a"], X)
    np.testing.assert_array_equal(names["y"].numpy(), X * X)
    assert x.is_leaf
    assert x.requires_grad
