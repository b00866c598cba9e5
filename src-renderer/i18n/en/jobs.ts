export const jobs = {
};
