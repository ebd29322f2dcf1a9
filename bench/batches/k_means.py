"""Lloyd's steps from the centres given. x is [rows, dims], centres [k, dims]."""


def by_sklearn(x, centres, steps):
    from sklearn.cluster import KMeans

    model = KMeans(len(centres), init=centres, n_init=1, max_iter=steps, tol=0, algorithm="lloyd")
    return answer(model.fit(x).cluster_centers_)


def by_scipy(x, centres, steps):
    from scipy.cluster.vq import kmeans2

    return answer(kmeans2(x, centres, iter=steps, minit="matrix")[0])


def answer(centres):
    return {"picks": [], "values": centres.ravel().tolist()}


by = {"scikit-learn": by_sklearn, "scipy": by_scipy}
