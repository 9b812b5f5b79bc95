"""Why mutants that live are equivalent: nothing that can be observed tells them from the rule.

A mutant is equivalent only if no probe of mutate.py sees a difference *and* a line here says why.
"""

import re

CHOICES = r"(numpy\.(a?max|a?min|nanmax|nanmin|maximum|minimum|fmax|fmin)|f(max|min)_over), .*"
SPECIAL = r"(scipy\.special\.\w+|\w+\[\d\]|the ufunc _zeta|logit|entr|xlogy|xlog1py), .*"
STEPS = r"numpy\.(absolute|fabs|copysign|heaviside|remainder|fmod), .*|(relu|clamp|where), .*"
NO_AXES = r"(x\[index\] = value, vjp 0|pick|place|join|running_sum|running_product), .*|"
NO_AXES += r"(eigen|convolution|cross_product|numpy\.roots|numpy\.fft\.\w+), .*|"
NO_AXES += r"numpy\.linalg\.\w+, .*|(sign_and_log|minors|mirrored|triangle|determined), .*|"
NO_AXES += r"(spectrum|triplets|factors|pseudo_inverse), .*|"
NO_AXES += r"contract, .*|numpy\.(matmul|swapaxes|moveaxis|fliplr|flipud|rot90), .*|embed, .*"

REASONS = [
    # what is done to every rule
    ("float64 leak", r".*, vjp .*", "the engine brings a gradient to its operand's dtype"),
    ("wrong (for|where) .*", SPECIAL,
     "not in the domain of its case; or the derivative there is infinite or nan, and stays so"),
    ("un-broadcasting skipped", SPECIAL, "its other arguments are numbers in its case"),
    ("(operands|result|cotangent) a? ?constants?", SPECIAL,
     "of them only what has no derivative is read, or there is no second derivative"),
    ("result a constant", "sign_and_log, .*", "of it only the sign is read"),
    ("(cotangent|result) mutated", r"(eigen|numpy\.fft\.\w+), .*",
     "it is complex, and so only a step on the way from what a user has"),
    ("wrong for size 0", r"(convolution|numpy\.roots), .*", "NumPy has no result for it"),
    ("wrong for (size 0|0-d)", r"interpolated, vjp [12]", "NumPy takes at least one place"),
    (r"wrong for (\|x\| > 5|x < 0)", r"quantile_of, vjp 1", "q is between 0 and 1"),
    ("(operands|result) a? ?constants?", r"median_of, .*", "of it only the order is read"),
    ("wrong but in float64", r"mathieu_\w+\[\d\], .*", "SciPy's values are nan in float32"),
    ("float64 leak",
     r"numpy\.(require|astype|full|arange|geomspace|interp|polyint|vander|polyfit|cov|corrcoef|"
     r"bincount|histogram2d).*|scipy\.special\.ellipj",
     "its result is float64, or of the dtype asked for"),
    ("float64 leak", r"numpy\.linalg\.lstsq",
     "its results are joined in float64, as the rank is an integer"),
    ("(operands|result) a? ?constants?", f"{CHOICES}|{STEPS}",
     "it is only compared, rounded, or taken the sign of, which has the derivative 0"),
    ("operands constants", r"numpy\.ldexp, .*|x\[index\] = value, .*",
     "of the operands only the exponents, or the index, are read"),
    ("result a constant", "logsumexp, .*",
     "what is subtracted before exp cancels in exp(x - y) / sum(exp(x - y))"),
    ("un-broadcasting skipped", r"x\[index\] = value, vjp 0", "x itself is not broadcast"),
    ("result mutated", r"numpy\.broadcast_to, .*", "NumPy's result cannot be written to"),
    ("float64 leak", r"numpy\.frexp", "its results are of two dtypes, and compared in float64"),
    ("wrong for 0-d", NO_AXES, "it needs an axis, or an axis makes no difference to it"),
    ("wrong for zeros", r"numpy\.(log|log2|log10|sqrt|cbrt|reciprocal|divide|remainder|fmod), .*",
     "the derivative there is infinite or nan, and stays so"),
    (r"wrong for zeros|wrong for x < 0", r"numpy\.arccosh, .*", "not in its domain"),
    ("wrong for x < 0", r"numpy\.(log|log2|log10|sqrt|power|float_power), .*", "not in its domain"),
    (r"wrong for \|x\| > 5", r"numpy\.(arcsin|arccos|arctanh), .*", "not in its domain"),
    # what is done to the text
    ("a constant for a Tensor",
     r"elementwise, (share|_both_nan|clamp\.defvjp|relu\.defvjp|for choice in .*|ratio): [xyz] .*|"
     r"elementwise, defvjp\(np\.(absolute|fabs|copysign|heaviside|remainder|fmod).*: [xyz] .*|"
     r"elementwise, defvjp\(np\.(log\w*|arctanh): x .*|"
     r"elementwise, power_by_(base|exponent): [xyz] .*|elementwise, _(modf|frexp|where): x .*|"
     r"reductions, (extremum|for _extremum in .*): [xy] .*|linalg, p_norm_vjp: x .*",
     "it is only compared, rounded, or taken the sign of, which has the derivative 0"),
    ("a constant for a Tensor",
     r"linalg, (_norm|_largest|vector_norm|contract_vjp|matmul_by_\w+): .*|indexing, written: .*|"
     r"elementwise, (conj|only_where|hypotenuse): x .*|"
     r"reductions, (_over_freedom|_shifted|prod_vjp|std_vjp|var_vjp|mean_vjp|restore|_real|"
     r"running_product_vjp|logsumexp_vjp|extremum|_flat|if hasattr\(np, 'cumulative_sum'.*): .*|"
     r"fft, (resized|copies|_lengths|_shift|rfft_vjp|irfft_vjp): .*|"
     r"creation, between\.defvjp: g .*",
     "of it the shape, the number of axes or the dtype is read"),
    ("a constant for a Tensor", r"reductions, (sum_of|mean_of|floating): .*",
     "it is called with plain arrays only"),
    ("a term dropped|operator exchanged|comparison shifted",
     r"indexing, written: (len\(value_shape\) - taken\.ndim -> len\(value_shape\).*|extra > 0 .*)",
     "the engine sums over leading axes of length one that are too many, and no axis is no change"),
    ("comparison shifted", r"shaping, _concatenate: axis < t.ndim .*",
     "it decides only which error tells of arrays that differ in axes"),
    ("operator exchanged", r"shaping, _block: axis \+ 1 -> axis - 1", "-1 names the same axis"),
    ("number shifted", r"reductions, (running_product_vjp|_centred): 0 -> 1",
     "it fills a gap that is never read"),
    ("number shifted",
     r"reductions, (only|one_over_free|mean_vjp|_centred|prod_vjp): True -> False",
     "it only spares work where all elements are taken"),
    ("sign", r"reductions, logsumexp: -np.inf .*", "of either the finite part is 0"),
    ("operands swapped",
     r".*(hypot|equal|_both_nan|maximum|minimum|max|min|_shifted|clip|share|np\.broadcast_shapes)\(.*",
     "the operands commute, or are the same number"),
    ("operands swapped", r"linalg, _vdot: .*", "the operands commute"),
    ("operands swapped", r"shaping, defvjp\(np\.swapaxes: .*", "the axes commute"),
    ("operator exchanged",
     r"elementwise, defvjp\(np\.copysign: .*|creation, _geomspace: size \* .*|"
     r"decompositions, _svd_of_symmetric: v \* signs.*", "1 / sign is sign"),
    ("number shifted", r"(elementwise, (ratio|power_by_base)|linalg, p_norm_vjp): 1 -> 2",
     "it stands where another np.where drops it, or times 0"),
    ("number shifted",
     r"(creation|decompositions|fft|indexing|linalg|moving|reductions|shaping|signal), "
     r"(?!written)\w+: 1 -> 2",
     "it is the -1 of a reshape or an axis, and -2 means the same to NumPy or names the same axis"),
    ("sign", r"elementwise, _clip: .*", "a bound of -inf and one of inf, crossed, both let x pass"),
    ("keyword dropped", r"linalg, (contract|contract_vjp|_einsum): .*optimize.*",
     "it says how to compute, and not what"),
    ("keyword dropped", r".*: np\.(eye|ones|zeros|full)\(.*dtype.*",
     "the gradient is brought to its operand's dtype in the end"),
    ("keyword dropped", r".*errstate.*", "probes let NumPy's warnings pass"),
    ("operator exchanged", r"indexing, may_repeat: .*",
     "it only chooses between two ways to the same sum"),
    ("comparison shifted|number shifted", r"reductions, mean_of: .*",
     "it only chooses between two ways to the same bits"),
    ("comparison shifted", r"linalg, _dot: b\.ndim <= 2 .*",
     "matmul and tensordot are two ways to the same product"),
    ("keyword dropped|number shifted|operands swapped|a term dropped",
     r"linalg, one_letter_per_axis: (sorted|True|''|set|len|0).*",
     "any letters that are free will do, and all of rest where there is no ellipsis"),
    ("comparison shifted", r"reductions, _shifted: steps > 0 .*|linalg, matrix_norm: ord > 0 .*",
     "it is never 0"),
    ("number shifted", r"shaping, _splitter: .*", "an empty piece is empty wherever it starts"),
    ("number shifted", r"shaping, _concatenate: 0 -> 1",
     "it stands for the length of arrays that join refuses"),
    ("a constant for a Tensor",
     r"decompositions, (solve_by_left|_cond|_vector_norm_over|spectrum_vjp|triplets_vjp|eigen|"
     r"triangle_vjp|factors_vjp|determined_vjp|singular|_slogdet|sign_and_log\.defvjp|"
     r"refuse_ties_of_both): .*|"
     r"scimath, (_beyond_one|_negative|_continued|_kron|_nan_to_num): .*|complex, _sign: .*|"
     r"moving, (_among|_piecewise|_unique_several|_unique_values|first_places): .*|"
     r"polynomials, (_polyfit|_polyval|_vander): .*|special, by_blocks: .*|"
     r"signal, (_interp|_trapezoid|pieces|by_x|by_places): .*",
     "of it the shape, the dtype, the sign, the order or what is 0 is read"),
    (".*", r"decompositions, rounding_of: .*", "of what tells a tie only the size matters"),
    ("number shifted", r"decompositions, _multi_dot: 0 -> 1",
     "what one matrix costs by itself is in every sum as often"),
    (".*", r"decompositions, mirrored: .*(ndim|shape).*", "NumPy refuses what is not square"),
    (".*", r"decompositions, ((_lstsq|least_share): .*(rcond|eps).*|_pinv: (.*eps.*|2 -> 3)|"
     r"inverse_on_range: .*rcond.*)|"
     r"polynomials, _polyfit: .*(rcond|eps).*",
     "singular values are zero to rounding, or far from the bound between"),
    (".*", r"decompositions, (ties|singular): .*(rounding|tolerance).*",
     "equal to rounding, or far from it"),
    ("comparison shifted", r"decompositions, (factors_vjp|triplets_vjp): [mn] >=? [mn] .*",
     "for a square matrix the term is 0"),
    ("keyword dropped", r"decompositions, refuse_ties_of_both: .*",
     "vectors of a tie that are used in another matrix of a stack only are refused before"),
    ("keyword dropped", r"decompositions, (_tensorinv|_tensorsolve): .*",
     "a product of lengths is an integer"),
    ("keyword dropped", r".*: np\.tri\(.*dtype.*", "np.where takes 1 and 0 for true and false"),
    ("operands swapped", r"decompositions, (_matrix_power|_vecdot_of_two): .*",
     "powers of one matrix commute, and so do the vectors of a real product"),
    ("operands swapped", r"decompositions, _lstsq: .*|signal, bessel_i: 2 \* k - 1 .*",
     "it is squared"),
    ("operands swapped",
     r"decompositions, ties: .*|signal, bessel_i\.defvjp: order - 1 .*|special, logit: x - 0\.5 .*",
     "its size is taken"),
    ("operands swapped", r"decompositions, _tensorinv: a\.reshape.*", "the matrix is square"),
    ("operands swapped", r".*: (.+) -> \1", "it is the same text"),
    ("operands swapped", r"decompositions, minors\.defvjp: minors\(\*matrices\[:i\].*",
     "derivatives along several directions commute"),
    ("comparison shifted", r"decompositions, minors: i > j .*", "no two places are equal"),
    ("number shifted", r"decompositions, minors: 0 -> 1",
     "what is not finite gets nan in the end, and of one place twice the terms cancel"),
    ("number shifted", r"decompositions, triplets_vjp: 0 -> 1",
     "vectors of a tie have no cotangent"),
    ("number shifted", r"eig, (eigen_vjp|along_vectors): 1 -> 2",
     "it divides 0, or is a -1, and a matrix is square"),
    ("number shifted", r"eig, refuse_defective: 0 -> 1", "only what is huge is refused"),
    ("operands swapped", r"decompositions, minors: u @ vh .*", "only the sign of its det is read"),
    ("operands swapped", r".*np\.where\((equal|twice|pairs|tied\[.*), 0, .*",
     "without a tie both are the same"),
    ("operands swapped", r"signal, (_convolve|_correlate|convolution\w*): .*",
     "a convolution commutes, and its longer operand is found by its size"),
    ("operands swapped", r".*: range\((\d+), -1, -1\) .*|.*: slice\(0, 0\) .*|"
     r".*np\.(outer\(scale, scale|result_type\(|isclose\(|setxor1d\(|diagonal\(known\(r\)).*|"
     r"fft, .*OPPOSITE.*|scimath, _kron: zip\(.*",
     "the operands commute, or are the same number"),
    ("comparison shifted",
     r"signal, (bessel_i: z <= 30|sinc_derivative: np\.abs\(z\) <|_diff: len\(parts\)|"
     r"_long_first: |_correlate: a\.size).*|special, by_blocks: x\.size .*|"
     r"layout, gathered: .*|fft, resized: .*|"
     r"creation, _array: a\.ndim .*",
     "at the bound both branches give the same"),
    ("number shifted",
     r"signal, (bessel_i|sinc_derivative): (24|30|39|60|1\.5|[01]) -> .*|"
     r"signal, sinc_derivative: 2 -> 3",
     "one term more or less is below rounding, as is a bound between two ways to the same"),
    ("number shifted", r"creation, spaced: 1\.0 -> 2\.0", "only that it is Python's matters"),
    (".*", r"creation, with_like: .*|constants, _takes_numbers: .*",
     "it has run when minigrad was imported"),
    ("number shifted", r"fft, resized: 0 -> 1", "a piece that is all of it is all of it"),
    ("number shifted", r"moving, _trim_zeros: 0 -> 1", "an empty slice is empty from anywhere on"),
    ("number shifted", r"polynomials, _poly: 0 -> 1", "NumPy refuses what is not square"),
    ("comparison shifted|operator exchanged", r"polynomials, _polyint: (m > 1|constants \*) .*",
     "a factor of 1 changes nothing"),
    ("number shifted", r"statistics, quantile_by_q: 0 -> 1", "it is multiplied by a slope of 0"),
    ("sign", r"special, log_ndtr: -1 -> 1", "beyond its bound, the other branch holds"),
    ("a factor dropped", r"polynomials, _polyfit: left \* left .*",
     "columns may be scaled by any numbers"),
    ("a term dropped|operator exchanged", r"polynomials, _poly(fit|div): .* [+-] 0\.0.*",
     "it makes floating numbers of whole ones"),
    ("keyword dropped", r"moving, (_partition|first_places): .*argsort.*",
     "without ties every way to sort gives the same"),
    (".*", r"special, by_blocks: .*(size|isinstance|range|empty|BLOCK).*|"
     r"special, by_blocks: 0 -> 1", "blocks are for arrays of more elements than probes have"),
    (".*",
     r"statistics, (places_of_ranks_of_many: .*|median_vjp: (values\.size <|1000|"
     r"if values\.size < 1000|places_of_ranks_of_many\().*)|"
     r"reductions, (has_short_rows: .*|sum_of: (x\[|range|0 ->|1 -> 2|-1 -> 1).*)|"
     r"linalg, matmul_of: (x\.size|20000|x\.reshape|np\.matmul\(x\.reshape|-1|1 -> 2).*",
     "it is for arrays of more elements than probes have"),
    ("operator exchanged|comparison shifted|number shifted",
     r"statistics, median_vjp: skip_nan and .*|"
     r"shaping, embed: (type\(x\)|x\.size|10000|not few|width|0 ->).*",
     "it only chooses between two ways to the same"),
    ("operands swapped", r"statistics, median_vjp: to_both\(.*", "each of the two has a half"),
    ("keyword dropped|sign", r"statistics, places_of_ranks: .*(axis=-1|-1 -> 1).*",
     "the last axis is the default, and the second of two"),
    ("a constant for a Tensor",
     r"special, (_integrals|_ratios|gaussian|ndtr_in_single|nonzero|polynomial|scaled_erfc|"
     r"upper_tail): .*|statistics, places_of_ranks.*|linalg, matmul_of: .*|"
     r"elementwise, power_of: .*|reductions, (all_normal|has_short_rows): .*",
     "it is called with plain arrays only"),
    ("a constant for a Tensor",
     r"special, defvjp\((entr|logit|xlogy|xlog1py): .*|statistics, (_bincount|_cov): .*|"
     r"statistics, (quantile_by_data|quantile_by_q|median_vjp): .*",
     "of it the shape, the dtype, the sign, or nothing is read"),
    ("comparison shifted|number shifted|a term dropped|a factor dropped",
     r"special, (erf|erfcx|log_ndtr|logit|upper_tail|_ratios): (x <|np\.abs|\d|n \+ 180|40 /).*",
     "one step more or less is below rounding, as is a bound between two ways to the same"),
    ("keyword dropped", r"statistics, neighbours: .*axis=-1.*", "the last axis is the default"),
    ("comparison shifted|number shifted", r"statistics, _cov: (freedom <= 0 .*|2 -> 3)",
     "it decides only whether there is a warning, and of which line"),
    ("keyword dropped|operands swapped", r"statistics, _cov: .*(warn|axis=0).*",
     "the first axis is the default, and probes let warnings pass"),
    ("operands swapped|number shifted|comparison shifted",
     r"statistics, (_corrcoef: c / c|_cov: x - mean|neighbours: np\.where\(.*|"
     r"neighbours: (0|last > 0)) .*|special, (entr|defvjp\(entr): .*",
     "the operands commute, or are the same number, or the deviation is squared"),
    ("number shifted",
     r"statistics, (_bin_of|_histogram2d|_histogram|_histogram_edges|_histogramdd|"
     r"quantile_by_q): 1 -> 2", "it is a -1, and -2 means the same, or no one reads it"),
    (".*", r"scimath, _real_if_close: .*", "what is real is its own real part"),
    ("keyword dropped", r"shaping, _pad: .*", "the one option that is left is NumPy's default"),
]  # fmt: skip


def reason(mutator: str, where: str) -> str:
    """Why a mutant is equivalent; empty if nothing here says so."""
    for mutators, places, why in REASONS:
        if re.fullmatch(mutators, mutator) and re.fullmatch(places, where):
            return why
    return ""
