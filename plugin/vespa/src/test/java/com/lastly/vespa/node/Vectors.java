package com.lastly.vespa.node;

import com.yahoo.tensor.Tensor;
import com.yahoo.tensor.TensorAddress;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;

/**
 * A vector of 256 numbers for every article, for the second half of a hybrid first stage: each word of it points into a
 * direction of its own, so that articles which share words are close.
 */
final class Vectors {

    private static final int WIDTH = 256;

    private final double[][] vectors;

    Vectors(List<Article> articles) {
        vectors = articles.stream()
                .map(article -> vector(article.title() + " " + article.text()))
                .toArray(double[][]::new);
    }

    private static double[] vector(String text) {
        double[] sum = new double[WIDTH];
        for (String word : text.toLowerCase(Locale.ROOT).split("\\W+")) {
            Random direction = new Random(word.hashCode());
            for (int i = 0; i < WIDTH; i++) sum[i] += direction.nextBoolean() ? 1 : -1;
        }
        return sum;
    }

    /** What `closeness(field, embedding)` gives every article with the distance metric `angular`. */
    double[] closeness(Tensor query) {
        double[] wanted = new double[WIDTH];
        for (int i = 0; i < WIDTH; i++) wanted[i] = query.get(TensorAddress.of(i));
        return Arrays.stream(vectors)
                .mapToDouble(vector -> closeness(vector, wanted))
                .toArray();
    }

    private static double closeness(double[] vector, double[] wanted) {
        double cosine =
                product(vector, wanted) / Math.max(1e-9, Math.sqrt(product(vector, vector) * product(wanted, wanted)));
        return 1 / (1 + Math.acos(Math.max(-1, Math.min(1, cosine))));
    }

    private static double product(double[] one, double[] other) {
        double product = 0;
        for (int i = 0; i < WIDTH; i++) product += one[i] * other[i];
        return product;
    }
}
